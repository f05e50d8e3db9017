import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../testing/test-command.ts";
import { makeIdentity, readIdentity, writeIdentity } from "./identity.ts";
import { lockStateDir } from "./run-lock.ts";

test("of two programs one holds the folder, for as long as it runs", async () => {
  using folder = makeFolder();
  const script = `import { lockStateDir } from ${JSON.stringify(join(import.meta.dir, "run-lock.ts"))};
    using _ = lockStateDir(process.argv.at(-1)); console.log("held"); await Bun.stdin.text();`;
  const other = Bun.spawn([process.execPath, "-e", script, folder.path], { stdin: "pipe", stdout: "pipe" });
  const reader = other.stdout.getReader();
  await reader.read();
  expect(() => lockStateDir(folder.path)).toThrow(`(process ${other.pid}) is running with ${folder.path}`);
  other.kill("SIGKILL");
  await other.exited;
  {
    using _ = lockStateDir(folder.path);
    expect(readdirSync(folder.path)).toEqual(["run.lock"]);
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

test("what another process has left, whose number is in use again, is no obstacle", () => {
  using folder = makeFolder();
  for (const left of ["", "nonsense", "1 1", "4194304 77", `${process.pid} 1`]) {
    writeFileSync(join(folder.path, "run.lock"), left);
    using _ = lockStateDir(folder.path);
  }
});

test("of several programs that change the identity at once, each changes what the one before it has left", async () => {
  using folder = makeFolder();
  writeIdentity(folder.path, { ...makeIdentity("https://lens.example"), proxy: "http://proxy.example:1000" });
  const script = `import { changeIdentity } from ${JSON.stringify(join(import.meta.dir, "identity.ts"))};
    for (let times = 0; times < 20; times++)
      changeIdentity(process.argv.at(-1), (onDisk) => {
        const proxy = new URL(onDisk.proxy);
        proxy.port = String(Number(proxy.port) + 1);
        return { ...onDisk, proxy: proxy.href };
      });`;
  const programs = Array.from({ length: 3 }, () => Bun.spawn([process.execPath, "-e", script, folder.path]));
  expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  expect(readIdentity(folder.path)?.proxy).toBe("http://proxy.example:1060/");
  expect(readdirSync(folder.path)).toEqual(["identity.json"]);
});
