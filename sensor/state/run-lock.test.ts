import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../testing/test-command.ts";
import { lockStateDir } from "./run-lock.ts";

test("of two programs one holds the folder, for as long as it runs", async () => {
  using folder = makeFolder();
  const script = `import { lockStateDir } from ${JSON.stringify(join(import.meta.dir, "run-lock.ts"))};
    using _ = lockStateDir(process.argv.at(-1)); console.log("held"); await Bun.stdin.text();`;
  const other = Bun.spawn([process.execPath, "-e", script, folder.path], { stdin: "pipe", stdout: "pipe" });
  const reader = other.stdout.getReader();
  await reader.read();
  expect(() => lockStateDir(folder.path)).toThrow(`(process ${other.pid}) reports from ${folder.path}`);
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
