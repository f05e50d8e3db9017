// npm run bench: runs bench/main.ts, which measures the programs on this machine.
import { join } from "node:path";
import { build } from "../harness/build.ts";
import { ROOT, runTask } from "../harness/terminal.ts";

await runTask("bench", async (opened) => {
  // Not in the process that measures: the peak memory of a process that it starts is at least its memory.
  await build();
  const program = join(ROOT, "bench/main.ts");
  // The flag ends every process that it has started, such as loaded servers, when it ends for any reason.
  const command = [process.execPath, "--no-orphans", "--no-env-file", program, ...process.argv.slice(2)];
  const child = Bun.spawn(command, { stdio: ["inherit", "inherit", "inherit"] });
  opened.defer(async () => {
    child.kill("SIGTERM");
    await child.exited;
  });
  return await child.exited;
});
