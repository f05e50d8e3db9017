// npm run bench: runs bench/main.ts, which measures the programs on this machine.
import { join } from "node:path";
import { build } from "../harness/build.ts";
import { ROOT, runTask } from "../harness/terminal.ts";

await runTask("bench", async () => {
  // Not in the process that measures: the peak memory of a process that it starts is at least its memory.
  await build();
  const command = [process.execPath, "--no-env-file", join(ROOT, "bench/main.ts"), ...process.argv.slice(2)];
  return await Bun.spawn(command, { stdio: ["inherit", "inherit", "inherit"] }).exited;
});
