// The sensor's command line: runs a command.

import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import { COLLECTOR_COMMAND } from "../inventory/collector-command.ts";
import { SensorError } from "../sensor-error.ts";
import { dropWeakening } from "../settings.ts";
import { explain, flushErrors, note, print } from "./terminal.ts";

/** Runs the command and returns its exit code. */
export async function runCommandLine(args: string[]): Promise<number> {
  const { notice, trustNotice } = dropWeakening();
  if (notice) note(notice);
  const exitCode = await runOne(args);
  if (trustNotice && exitCode === EXIT_CODES.wrongServer) note(trustNotice);
  await flushErrors();
  return exitCode;
}

/**
 * Each command loads only its own code: the schemas alone take as long as a whole collection. A command
 * returns its exit code; nothing: it succeeded.
 */
const COMMANDS: Record<string, (args: string[]) => Promise<unknown>> = {
  enroll: async (args) => (await import("./enroll.ts")).enrollCommand(args),
  check: async (args) => (await import("./check.ts")).checkCommand(args),
  run: async (args) => (await import("./run.ts")).runCommand(args),
  install: async (args) => (await import("./install.ts")).installCommand(args),
  uninstall: async (args) => (await import("./uninstall.ts")).uninstallCommand(args),
  "prepare-image": async (args) => (await import("./prepare-image.ts")).prepareImageCommand(args),
  service: async (args) => (await import("./service.ts")).serviceCommand(args),
  collect: async (args) => (await import("./collect.ts")).collectCommand(args),
  [COLLECTOR_COMMAND]: async (args) => (await import("./collector-process.ts")).collectorProcessCommand(args),
  status: async (args) => (await import("./status.ts")).statusCommand(args),
  unenroll: async (args) => (await import("./unenroll.ts")).unenrollCommand(args),
  "package-files": async () => (await import("./package-files.ts")).packageFilesCommand(),
  version: async (args) => (await import("./version.ts")).versionCommand(args),
  help: async () => print((await import("./usage.ts")).USAGE.trimEnd()),
};
const OTHER_NAMES: Record<string, string> = { "--version": "version", "--help": "help", "-h": "help" };

async function runOne([given, ...rest]: string[]): Promise<number> {
  try {
    const isHelp = rest.includes("--help") || rest.includes("-h");
    const name = isHelp ? "help" : (OTHER_NAMES[given ?? ""] ?? given ?? "");
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      const what = given === undefined ? "no command given" : `unknown command ${JSON.stringify(given)}`;
      throw new SensorError("usage", what, "attacklens-sensor help lists all commands and options");
    }
    const exitCode = await command(rest);
    return typeof exitCode === "number" ? exitCode : EXIT_CODES.done;
  } catch (error) {
    return explain(error);
  }
}
