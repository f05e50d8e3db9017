// npm run bench: runs bench/main.ts, which measures the programs on this machine.
import { join } from "node:path";
import { ROOT, runTask } from "../harness/terminal.ts";

await runTask("bench", async () => {
  const command = [process.execPath, "--no-env-file", join(ROOT, "bench/main.ts"), ...process.argv.slice(2)];
  return await Bun.spawn(command, { stdio: ["inherit", "inherit", "inherit"] }).exited;
});
