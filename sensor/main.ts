// The sensor's command line: runs the command and exits with its exit code.

import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import { checkCommand } from "./commands/check.ts";
import { collectCommand } from "./commands/collect.ts";
import { enrollCommand } from "./commands/enroll.ts";
import { installCommand } from "./commands/install.ts";
import { packageFilesCommand } from "./commands/package-files.ts";
import { prepareImageCommand } from "./commands/prepare-image.ts";
import { runCommand } from "./commands/run.ts";
import { serviceCommand } from "./commands/service.ts";
import { statusCommand } from "./commands/status.ts";
import { explain, flushErrors, note, print } from "./commands/terminal.ts";
import { unenrollCommand } from "./commands/unenroll.ts";
import { uninstallCommand } from "./commands/uninstall.ts";
import { USAGE } from "./commands/usage.ts";
import { versionCommand } from "./commands/version.ts";
import { SensorError } from "./sensor-error.ts";
import { dropWeakening } from "./settings.ts";

async function main(args: string[]): Promise<number> {
  const { notice, trustNotice } = dropWeakening();
  if (notice) note(notice);
  const exitCode = await runOne(args);
  if (trustNotice && exitCode === EXIT_CODES.wrongServer) note(trustNotice);
  return exitCode;
}

async function runOne([command, ...rest]: string[]): Promise<number> {
  try {
    if (rest.includes("--help") || rest.includes("-h")) {
      print(USAGE.trimEnd());
      return EXIT_CODES.done;
    }
    switch (command) {
      case "enroll":
        await enrollCommand(rest);
        return EXIT_CODES.done;
      case "check":
        return await checkCommand(rest);
      case "run":
        await runCommand(rest);
        return EXIT_CODES.done;
      case "install":
        await installCommand(rest);
        return EXIT_CODES.done;
      case "uninstall":
        await uninstallCommand(rest);
        return EXIT_CODES.done;
      case "prepare-image":
        await prepareImageCommand(rest);
        return EXIT_CODES.done;
      case "service":
        return await serviceCommand(rest);
      case "collect":
        await collectCommand(rest);
        return EXIT_CODES.done;
      case "status":
        return await statusCommand(rest);
      case "unenroll":
        await unenrollCommand(rest);
        return EXIT_CODES.done;
      case "package-files":
        packageFilesCommand();
        return EXIT_CODES.done;
      case "version":
      case "--version":
        versionCommand(rest);
        return EXIT_CODES.done;
      case "help":
      case "--help":
      case "-h":
        print(USAGE.trimEnd());
        return EXIT_CODES.done;
      default: {
        const what =
          command === undefined ? "no command given" : `unknown command ${JSON.stringify(command)}`;
        throw new SensorError("usage", what, "attacklens-sensor help lists all commands and options");
      }
    }
  } catch (error) {
    return explain(error);
  }
}

const exitCode = await main(process.argv.slice(2));
await flushErrors();
// Without this, a standard error without a reader keeps the process alive.
process.exit(exitCode);
