// The settings from the environment. No other file of the sensor reads it.
import { join } from "node:path";
import {
  dropForeignVariables,
  GARBAGE_INTERVAL,
  type IgnoredVariables,
} from "@attacklens/protocol/ignored-variables.ts";

/** Removes variables that weaken this program. Must run first. Returns the messages about them. */
export function dropWeakening(): IgnoredVariables {
  return dropForeignVariables(process.env);
}

/** The default state folder: the system's folder for services if run as root, otherwise the user's own. */
export function defaultStateDir(): string {
  const { ATTACKLENS_STATE, ProgramData, HOME, XDG_STATE_HOME } = process.env;
  if (ATTACKLENS_STATE) return ATTACKLENS_STATE;
  if (process.platform === "win32") return join(ProgramData ?? "C:\\ProgramData", "AttackLens", "Sensor");
  if (process.getuid?.() === 0) {
    return process.platform === "darwin"
      ? "/Library/Application Support/AttackLens/Sensor"
      : "/var/lib/attacklens-sensor";
  }
  return join(XDG_STATE_HOME ?? join(HOME ?? "/", ".local", "state"), "attacklens-sensor");
}

/** Returns the token from the environment and removes it there, so that no child process inherits it. */
export function takeEnvironmentToken(): string | undefined {
  const token = process.env.ATTACKLENS_TOKEN || undefined;
  delete process.env.ATTACKLENS_TOKEN;
  return token;
}

/** Kubernetes sets its variables in each container. */
export function isInKubernetes(): boolean {
  return process.env.KUBERNETES_SERVICE_HOST !== undefined;
}

/** How to start this program once more. */
export interface OwnProgram {
  command: string[];
  /** Nothing of this process's own, such as a token. */
  environment: Record<string, string>;
}

/**
 * Where programs find the loader's libraries, and on Windows and macOS the folders of the system and its
 * users.
 */
const PASSED_ON = {
  linux: ["LD_LIBRARY_PATH"],
  darwin: ["HOME", "PATH", "TMPDIR"],
  win32: [
    ...["ALLUSERSPROFILE", "APPDATA", "COMPUTERNAME", "ChocolateyInstall", "ComSpec", "CommonProgramFiles"],
    ...["LOCALAPPDATA", "PATHEXT", "PROCESSOR_ARCHITECTURE", "PUBLIC", "Path", "ProgramData", "ProgramFiles"],
    ...[
      "ProgramFiles(x86)",
      "ProgramW6432",
      "SystemDrive",
      "SystemRoot",
      "TEMP",
      "TMP",
      "USERPROFILE",
      "windir",
    ],
  ],
} as const;

/** A collector process starts with it. `platform` and `variables` are those of this process. */
export function ownProgram(platform = process.platform, variables = process.env): OwnProgram {
  const names: readonly string[] =
    platform === "win32" || platform === "darwin" ? PASSED_ON[platform] : PASSED_ON.linux;
  const environment = Object.fromEntries(
    names.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])),
  );
  // An update replaces the file of a running program. Linux still finds this version.
  const program = platform === "linux" ? "/proc/self/exe" : process.execPath;
  const isCompiled = /^(?:\/\$bunfs\/|[A-Z]:[/\\]~BUN[/\\])/.test(Bun.main);
  return { command: isCompiled ? [program] : [program, Bun.main], environment };
}

/** Of the variables with which a process passes its state to the one that replaces it. */
const PASSED_STATE = "ATTACKLENS_PASSED_STATE_";
/** A variable has at most 128 KiB (execve(2)). */
const MAX_VARIABLE = 100_000;
/** The engine then makes no machine code, whose compilers and code take memory. */
const WITHOUT_COMPILER = "JavaScriptCoreUseJIT";
/** On its own, the runtime collects garbage each second while it waits, which takes as much as a check-in. */
export const RARE_GARBAGE = { [GARBAGE_INTERVAL]: "3600000" };
/** The runtime has read it by now. */
const isGarbageRare = process.env[GARBAGE_INTERVAL] !== undefined;

/** Whether this process may wait in its event loop, where it sees a signal at once. */
export function waitsQuietly(): boolean {
  return isGarbageRare;
}

/** The variables of this process, with a state for `takePassedState`. `isResting`: it only waits. */
export function environmentWithState(state: string, isResting: boolean): Record<string, string> {
  const { [WITHOUT_COMPILER]: _, [GARBAGE_INTERVAL]: __, ...others } = process.env as Record<string, string>;
  const parts: Record<string, string> = isResting ? { [WITHOUT_COMPILER]: "0", ...RARE_GARBAGE } : {};
  for (let at = 0; at < state.length; at += MAX_VARIABLE)
    parts[`${PASSED_STATE}${at / MAX_VARIABLE}`] = state.slice(at, at + MAX_VARIABLE);
  return { ...others, ...parts };
}

/** Returns the state, and removes its variables; undefined: there is none. */
export function takePassedState(): string | undefined {
  let state = "";
  for (let nth = 0; ; nth++) {
    const name = `${PASSED_STATE}${nth}`;
    const part = process.env[name];
    if (part === undefined) return state === "" ? undefined : state;
    delete process.env[name];
    state += part;
  }
}

/** For a version on trial, which runs in place of this one. */
export function childEnvironment(): Record<string, string | undefined> {
  const { ATTACKLENS_TOKEN: _, ...others } = process.env;
  return others;
}

/**
 * Where systemd puts the credentials of a unit, e.g. of LoadCredential=attacklens-token:FILE; undefined:
 * there are none (systemd.exec(5)).
 */
export function credentialsFolder(): string | undefined {
  return process.env.CREDENTIALS_DIRECTORY || undefined;
}

/** What systemd passes to a service of ours. */
export interface SystemdVariables {
  /** Names of the open files that it passes, from descriptor 3 on. */
  fileNames: string[];
  /** The longest pause between two signs of life; undefined: it expects none. */
  watchdogMs: number | undefined;
}

/** Returns the variables of systemd if they are for this process, and removes them (sd_listen_fds(3)). */
export function takeSystemdVariables(): SystemdVariables {
  const { LISTEN_PID, LISTEN_FDNAMES, WATCHDOG_PID, WATCHDOG_USEC } = process.env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"])
    delete process.env[name];
  const isOurs = (pid: string | undefined) => pid === String(process.pid);
  const watchdogMs = Number(WATCHDOG_USEC ?? 0) / 1000;
  return {
    fileNames: isOurs(LISTEN_PID) ? (LISTEN_FDNAMES ?? "").split(":") : [],
    watchdogMs: isOurs(WATCHDOG_PID) && watchdogMs > 0 ? watchdogMs : undefined,
  };
}

/** The folders of Windows that only administrators can write to. */
export function windowsFolders(): { programFiles: string; programData: string } {
  const { ProgramFiles, ProgramData } = process.env;
  return {
    programFiles: ProgramFiles || "C:\\Program Files",
    programData: ProgramData || "C:\\ProgramData",
  };
}

/** The variables that name a proxy and the hosts without one, as curl(1) reads them. */
export function proxyVariables(): { proxy: string | undefined; exempt: string } {
  const { https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY } = process.env;
  return {
    proxy: https_proxy || HTTPS_PROXY || all_proxy || ALL_PROXY || undefined,
    exempt: no_proxy || NO_PROXY || "",
  };
}
