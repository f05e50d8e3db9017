// npm run bench: what the programs reach on this machine, as ratios in one run. Linux only: CPU time is read from /proc.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchCheckIn } from "../bench/check-in.ts";
import { build } from "./build.ts";
import { progress, runTask } from "./terminal.ts";

await runTask("bench", async (opened) => {
  await build();
  const folder = mkdtempSync(join(tmpdir(), "attacklens-bench-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  progress("check-ins, interleaved with hello world");
  console.log(JSON.stringify(await benchCheckIn(folder), null, 2));
  return 0;
});
