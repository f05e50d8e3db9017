// The same sources and commit give the same bytes, in whichever folder and from whichever clone they are built.
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALL_KILLS } from "../../harness/all-kills.ts";
import { compile, findCommit, programPath, SENSOR, SERVER } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { ROOT } from "../../harness/terminal.ts";

const TIMEOUT_MS = 120_000;

function openFolder() {
  const path = mkdtempSync(join(tmpdir(), "attacklens-build-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function hashOf(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}

/** A clone as another user has it. */
async function copySources(folder: string): Promise<void> {
  for (const name of [
    "protocol",
    "server",
    "console",
    "sensor",
    "tasks",
    "harness",
    "package.json",
    "tsconfig.json",
  ])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  // Their own: where libraries really are is what the bundler sees. Links to the files, where the file system has them, take a moment.
  const libraries = join(ROOT, "node_modules");
  const { code } = await runCommand(["cp", "-al", libraries, folder]);
  if (code !== 0) await runCommand(["cp", "-a", libraries, folder]);
}

test(
  "a build in another folder, and one from another clone, are equal",
  async () => {
    using folder = openFolder();
    const commit = await findCommit();
    const [first, second, clone] = ["first", join("second", "deeper"), "clone"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string];
    for (const path of [first, second, clone]) await mkdir(path, { recursive: true });
    await copySources(clone);
    const script = `import { compile, SENSOR, SERVER } from "./harness/build.ts";
      for (const program of [SERVER, SENSOR])
        await compile(program, { path: program.name, commit: ${JSON.stringify(commit)} });`;
    const { code, stderr } = await runCommand([process.execPath, "-e", script], { cwd: clone });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const program of [SERVER, SENSOR]) {
      const expected = await hashOf(join(clone, program.name));
      for (const path of ALL_KILLS ? [first, second] : [second]) {
        await compile(program, { path: join(path, program.name), commit });
        expect(await hashOf(join(path, program.name))).toBe(expected);
      }
    }
  },
  TIMEOUT_MS,
);

test("a commit names the clone's state, and an archive has none", async () => {
  using folder = openFolder();
  const git = (...args: string[]) =>
    runCommand(["git", "-C", folder.path, "-c", "user.name=a", "-c", "user.email=a@b.example", ...args]);
  expect(await findCommit(folder.path)).toBe("unknown");
  await git("init", "--quiet");
  await Bun.write(join(folder.path, "file"), "1");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "first");
  expect(await findCommit(folder.path)).toMatch(/^[0-9a-f]{40}$/);
  await Bun.write(join(folder.path, "file"), "2");
  expect(await findCommit(folder.path)).toMatch(/^[0-9a-f]{40}-dirty$/);
  // Unpacked inside a clone of something else.
  await mkdir(join(folder.path, "archive"));
  expect(await findCommit(join(folder.path, "archive"))).toBe("unknown");
});

test("each program names the build that it is", async () => {
  for (const program of [SERVER, SENSOR]) {
    const { code, stdout } = await runCommand([programPath(program), "version", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      program: program.name,
      version: expect.stringMatching(/^\d{4}\.\d+\.\d+$/),
      commit: expect.stringMatching(existsSync(join(ROOT, ".git")) ? /^[0-9a-f]{40}(-dirty)?$/ : /^unknown$/),
      bun: Bun.version,
      platform: `${process.platform}-${process.arch}`,
      protocolVersions: expect.any(Array),
    });
  }
});
