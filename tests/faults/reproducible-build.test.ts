// The same sources and commit result in the same bytes, in any folder and any clone.
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { compile, findCommit, programPath, SENSOR, SERVER } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { ROOT } from "../../harness/terminal.ts";

const TIMEOUT_MS = 120_000;

async function hashOf(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}

/** Copies the sources, as in the clone of another user. */
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
  // The bundler resolves symbolic links, so the clone needs its own libraries. Hard links are fast, if the
  // file system supports them.
  const libraries = join(ROOT, "node_modules");
  const { code } = await runCommand(["cp", "-al", libraries, folder]);
  if (code !== 0) await runCommand(["cp", "-a", libraries, folder]);
}

test(
  "builds in another folder and from another clone are identical",
  async () => {
    // On the disk of the libraries, for hard links.
    const folder = { path: mkdtempSync(join(ROOT, "dist/.reproducible-")) };
    using _ = { [Symbol.dispose]: () => rmSync(folder.path, { recursive: true, force: true }) };
    const commit = await findCommit();
    const [first, second, clone] = ["first", join("second", "deeper"), "clone"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string];
    for (const path of [first, second, clone]) await mkdir(path, { recursive: true });
    await copySources(clone);
    const programs = drawSome([SERVER, SENSOR]);
    const script = `import { compile } from "./harness/build.ts";
      for (const program of ${JSON.stringify(programs)})
        await compile(program, { path: program.name, commit: ${JSON.stringify(commit)} });`;
    const { code, stderr } = await runCommand([process.execPath, "-e", script], { cwd: clone });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const program of programs) {
      const expected = await hashOf(join(clone, program.name));
      // The build before the tests is one in another folder.
      expect(await hashOf(programPath(program))).toBe(expected);
      for (const path of LONG_TESTS ? [first, second] : []) {
        await compile(program, { path: join(path, program.name), commit });
        expect(await hashOf(join(path, program.name))).toBe(expected);
      }
    }
  },
  TIMEOUT_MS,
);

test("the commit shows whether the clone has changes, and is unknown in an archive", async () => {
  using folder = openTemporaryFolder("build");
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
  // An archive that is unpacked inside another clone.
  await mkdir(join(folder.path, "archive"));
  expect(await findCommit(join(folder.path, "archive"))).toBe("unknown");
});

test("each program prints its version and commit", async () => {
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
