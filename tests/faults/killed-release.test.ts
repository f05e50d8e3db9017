// attacklens releases add, killed at each of its writes: the server offers the release before or the whole
// new one, and the same command completes what was interrupted. It takes minutes, so it needs LONG_TESTS=1.
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath, SERVER } from "../../harness/build.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { runServerCommand } from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { CALLS, killAtEach, traces } from "../support/kill-at-each.ts";

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await runServerCommand(["releases", ...args]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
};

/** Signs a release of two programs, as its publisher does. */
async function publish(folder: string, counter: number): Promise<string> {
  const dist = join(folder, `dist-${counter}`);
  mkdirSync(dist);
  for (const target of ["linux-x64", "linux-arm64"])
    writeFileSync(join(dist, `attacklens-sensor-${target}`), `${target} ${counter}`.repeat(1_000));
  const keys = ["--key", join(folder, "release.pem"), "--keys", join(folder, "keys.json")];
  await run("sign", ...keys, "--counter", String(counter), dist);
  return dist;
}

test.skipIf(!traces || !LONG_TESTS)(
  "a release that is being added when its command is killed is offered as a whole or not at all",
  async () => {
    using folder = openTemporaryFolder("killed-release");
    const at = (name: string) => join(folder.path, name);
    const [root, key] = [await run("new-key", at("root.pem")), await run("new-key", at("release.pem"))];
    await run("sign-keys", "--root", at("root.pem"), "--serial", "1", "--out", at("keys.json"), key);
    writeFileSync(at("roots.json"), JSON.stringify({ rootKeys: [root] }));
    const [first, second] = [await publish(folder.path, 1), await publish(folder.path, 2)];
    mkdirSync(at("before"));
    await run("trust", "--data", at("before"), at("roots.json"));
    await run("add", "--data", at("before"), first);
    const offered = async (data: string) => {
      const releases = JSON.parse(await run("list", "--data", data, "--json")) as {
        counter: number;
        files: unknown[];
      }[];
      return releases.map(({ counter, files }) => `${counter}: ${files.length}`).join(", ");
    };
    const seen = new Set<string>();
    await killAtEach(
      async (kill) => {
        cpSync(at("before"), at(`data-${kill}`), { recursive: true });
        return { args: ["releases", "add", "--data", at(`data-${kill}`), second] };
      },
      async (kill, call) => {
        const data = at(`data-${kill}`);
        const now = await offered(data);
        expect(["1: 2", "2: 2, 1: 2"], call).toContain(now);
        seen.add(now);
        await run("add", "--data", data, second);
        expect(await offered(data), call).toBe("2: 2, 1: 2");
        expect(readdirSync(join(data, "releases")).toSorted()).toEqual([
          ...["1", "2", "accepted.json", "trusted-keys.json"],
        ]);
        rmSync(data, { recursive: true });
      },
      { program: programPath(SERVER), calls: CALLS.filter((name) => !["sendto", "connect"].includes(name)) },
    );
    expect(seen.size).toBe(2);
  },
  600_000,
);
