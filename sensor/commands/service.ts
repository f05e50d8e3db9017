// attacklens-sensor service: shows the state of the service, or prints the text that defines it.

import { LINUX, windowsPaths } from "@attacklens/protocol/installed-paths.ts";
import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { SensorError } from "../sensor-error.ts";
import { installedPaths } from "../service/installation.ts";
import { launchdPlist } from "../service/launchd.ts";
import { openrcScript } from "../service/openrc.ts";
import { readServiceReport } from "../service/service-report.ts";
import { type SystemdUnit, systemdUnit } from "../service/systemd-unit.ts";
import { windowsTask } from "../service/task-scheduler.ts";
import { readStatus } from "../state/status-file.ts";
import { parseFlags } from "./flags.ts";
import { print } from "./terminal.ts";

export async function serviceCommand([command, ...rest]: string[]): Promise<number> {
  if (command === "status") return await showStatus(rest);
  if (command === "definition") return printDefinition(rest);
  throw new SensorError(
    "usage",
    command === undefined
      ? "no command of service given"
      : `unknown command service ${JSON.stringify(command)}`,
    "use attacklens-sensor service status or attacklens-sensor service definition",
  );
}

/** Returns the exit code: 0 running, 1 not running, 14 not installed. */
async function showStatus(args: string[]): Promise<number> {
  const { json } = parseFlags(args, { json: { type: "boolean" } });
  const report = await readServiceReport();
  const lastCheckInAt = readStatus(installedPaths().stateDir)?.lastCheckInAt ?? undefined;
  const shown = { ...report, version: report.version ?? RELEASE, lastCheckInAt };
  if (json) print(JSON.stringify(shown, null, 2));
  else {
    const rows: [string, string | undefined][] = [
      ["Service", report.service],
      ["Manager", report.manager],
      ["State", report.state],
      ["Process", report.processId?.toString()],
      ["At boot", report.state === "missing" ? undefined : report.startsAtBoot ? "starts" : "does not start"],
      ["Last end", report.lastEnd],
      ["Definition", report.definition],
      ["Program", report.program],
      ["Version", shown.version],
      ["Last check-in", lastCheckInAt ?? "none"],
      ["Log", report.state === "missing" ? undefined : report.logCommand],
      ["Next step", report.nextStep],
    ];
    for (const [name, value] of rows) if (value) print(`${name.padEnd(14)} ${value}`);
  }
  if (report.state === "missing") return EXIT_CODES.service;
  return report.state === "running" || report.state === "starting" ? EXIT_CODES.done : EXIT_CODES.failed;
}

/** For packages, images and tools that install the sensor themselves. */
function printDefinition(args: string[]): number {
  const flags = parseFlags(args, {
    manager: { type: "string" },
    packaged: { type: "boolean" },
    trial: { type: "boolean" },
    "systemd-version": { type: "string" },
  });
  const { packaged = false, trial = false } = flags;
  const systemdVersion = Number(flags["systemd-version"] ?? 0);
  const text = definitionOf(flags.manager ?? "systemd", { packaged, trial, systemdVersion });
  print(text.trimEnd());
  return EXIT_CODES.done;
}

function definitionOf(manager: string, unit: SystemdUnit): string {
  switch (manager) {
    case "systemd":
      return systemdUnit(unit);
    case "openrc":
      return openrcScript({ program: LINUX.program });
    case "launchd":
      return launchdPlist();
    case "windows":
      return windowsTask({ program: windowsPaths("C:\\Program Files", "C:\\ProgramData").program });
    default:
      throw new SensorError(
        "usage",
        `Cannot print the definition: unknown service manager ${JSON.stringify(manager)}`,
        "use --manager systemd, openrc, launchd or windows",
      );
  }
}
