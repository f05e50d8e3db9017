// The service under systemd.
import { existsSync, readFileSync } from "node:fs";
import {
  DEFINITIONS,
  PACKAGED,
  SERVICE_NAME,
  TRIAL_SERVICE_NAME,
} from "@attacklens/protocol/installed-paths.ts";
import { removeDefinition, writeDefinition } from "./definition-file.ts";
import { serviceProblem } from "./service-problems.ts";
import type { ServiceManager, ServiceState } from "./service-state.ts";
import { runTool } from "./system-tool.ts";
import { OWN_UNIT, systemdUnit } from "./systemd-unit.ts";

const UNIT = `${SERVICE_NAME}.service`;
export const TRIAL_UNIT = `${TRIAL_SERVICE_NAME}.service`;
/** The exit status of systemd for a program that it cannot run (systemd.exec(5)). */
export const EXEC_FAILED = 203;

const isPackaged = () => existsSync(PACKAGED.program) && existsSync(PACKAGED.systemdUnit);

/**
 * The unit of a package wins: `install` then only enables it. A system that is not booted only registers
 * units: systemctl(1) makes their links.
 */
export function systemd({ packaged = isPackaged(), isBooted = true } = {}) {
  const reload = async () => {
    if (isBooted) await systemctl("daemon-reload");
  };
  const definition = packaged ? PACKAGED.systemdUnit : DEFINITIONS.systemd;
  const manager: ServiceManager = {
    name: "systemd",
    service: UNIT,
    definition,
    packaged,
    async register() {
      const changes = packaged ? removeOwnUnits() : await writeOwnUnits();
      // Always: a killed command may have written the file, and no more.
      await reload();
      await systemctl("enable", UNIT);
      return changes;
    },
    async start(again) {
      await runTool(["systemctl", "reset-failed", UNIT]);
      const { code, reason } = await runTool(["systemctl", again ? "restart" : "start", UNIT]);
      if (code === 0) return;
      const { exitCode } = await readState();
      throw exitCode === EXEC_FAILED ? execFailed() : serviceProblem("manager-failed", reason);
    },
    async stop() {
      // In this order: the end of a trial starts the other unit.
      if ((await readStateOf(TRIAL_UNIT)).is === "running") await systemctl("stop", TRIAL_UNIT);
      if ((await readStateOf(UNIT)).is !== "missing") await systemctl("stop", UNIT);
    },
    async unregister() {
      const { is } = await readStateOf(UNIT);
      // systemctl refuses to disable a masked unit, and the link that masks it belongs to the operator.
      if (is === "masked") return [];
      if (is !== "missing" || (!isBooted && existsSync(definition))) await systemctl("disable", UNIT);
      // Fails for a unit that has not failed.
      await runTool(["systemctl", "reset-failed", UNIT, TRIAL_UNIT]);
      const removed = packaged ? [] : OWN_UNITS.flatMap(([path]) => removeDefinition(path));
      await reload();
      return removed;
    },
    readState,
    logCommand: `journalctl -u ${SERVICE_NAME}`,
    startCommand: `systemctl start ${SERVICE_NAME}`,
  };
  return manager;
}

/** The units that `install` writes. The second one is for updates, and `trial` of its text. */
const OWN_UNITS = [
  [DEFINITIONS.systemd, false],
  [DEFINITIONS.systemdTrial, true],
] as const;

/** Returns whether the text of the service changed: the other unit is read at its start. */
async function writeOwnUnits(): Promise<boolean> {
  const systemdVersion = await readVersion();
  const [changes = false] = OWN_UNITS.map(([path, trial]) =>
    writeDefinition(path, systemdUnit({ packaged: false, trial, systemdVersion }), 0o644),
  );
  return changes;
}

/** A unit that `install` wrote before the package came would hide that of the package. */
function removeOwnUnits(): boolean {
  const isOwn = (path: string) => existsSync(path) && readFileSync(path, "utf8").startsWith(OWN_UNIT);
  const [removed] = OWN_UNITS.map(([path]) => (isOwn(path) ? removeDefinition(path) : []));
  return removed !== undefined && removed.length > 0;
}

/** The error for a program that systemd cannot run. */
export function execFailed() {
  return serviceProblem(existsSync("/sys/fs/selinux/enforce") ? "selinux" : "exec-refused");
}

async function systemctl(...args: string[]): Promise<void> {
  const { code, reason } = await runTool(["systemctl", ...args]);
  if (code !== 0) throw serviceProblem("manager-failed", `systemctl ${args[0]}: ${reason}`);
}

async function readVersion(): Promise<number | undefined> {
  const { stdout } = await runTool(["systemctl", "--version"]);
  const version = /^systemd (\d+)/.exec(stdout)?.[1];
  return version === undefined ? undefined : Number(version);
}

const PROPERTIES =
  "LoadState,ActiveState,SubState,Result,UnitFileState,MainPID,ExecMainCode,ExecMainStatus,ConditionResult";

/** While a version is on trial, the state of the service is that of the other unit. */
async function readState(): Promise<ServiceState> {
  const state = await readStateOf(UNIT);
  if (state.is === "running" || state.is === "missing") return state;
  const trial = await readStateOf(TRIAL_UNIT);
  if (trial.is !== "running" && trial.is !== "starting") return state;
  return { ...trial, startsAtBoot: state.startsAtBoot };
}

async function readStateOf(unit: string): Promise<ServiceState> {
  const { stdout } = await runTool(["systemctl", "show", unit, `--property=${PROPERTIES}`]);
  return parseSystemdState(stdout);
}

/** Parses the output of `systemctl show`. */
export function parseSystemdState(text: string): ServiceState {
  const found = Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  ) as Record<string, string | undefined>;
  const isMissing = found.LoadState === undefined || found.LoadState === "not-found";
  const processId = Number(found.MainPID ?? 0);
  return {
    is: isMissing
      ? "missing"
      : found.LoadState === "masked"
        ? "masked"
        : stateOf(found.ActiveState, found.SubState),
    startsAtBoot: /^enabled/.test(found.UnitFileState ?? ""),
    processId: processId > 0 ? processId : undefined,
    ...lastEndOf(found),
  };
}

function stateOf(active: string | undefined, sub: string | undefined): ServiceState["is"] {
  if (sub === "auto-restart" || sub === "auto-restart-queued") return "restarting";
  if (active === "activating") return "starting";
  if (active === "failed") return "failed";
  return active === "active" || active === "reloading" || active === "deactivating" ? "running" : "stopped";
}

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED of sigaction(2). */
const ENDS: Record<string, string> = { "1": "exit code", "2": "signal", "3": "signal" };

function lastEndOf(found: Record<string, string | undefined>): Pick<ServiceState, "lastEnd" | "exitCode"> {
  const kind = ENDS[found.ExecMainCode ?? ""];
  if (!kind || found.ExecMainStatus === undefined) return {};
  const lastEnd = found.Result === "watchdog" ? "the watchdog" : `${kind} ${found.ExecMainStatus}`;
  return { lastEnd, exitCode: kind === "exit code" ? Number(found.ExecMainStatus) : undefined };
}
