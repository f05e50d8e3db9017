// Starts the sensor and exits with the exit code of its command. Software inventories ask many programs for
// their version, so `version` alone loads nothing else.
import { VERSION_LINE } from "./commands/version-line.ts";

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "version" || args[0] === "--version")) {
  console.log(VERSION_LINE);
} else {
  // Loads little, because it stays.
  if (args[0] === "run" && args.at(-1) === "--at-rest") {
    const { restCommand } = await import("./commands/rest.ts");
    const exitCode = await restCommand();
    if (exitCode !== undefined) process.exit(exitCode);
    args.pop();
  }
  const { runCommandLine } = await import("./commands/command-line.ts");
  // Without this, a standard error without a reader keeps the process alive.
  process.exit(await runCommandLine(args));
}
