// How this sensor is updated, and who starts a version on trial.
import { accessSync, constants, existsSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import {
  PACKAGED,
  SERVICE_NAME,
  TRIAL_SERVICE_NAME,
  WINDOWS_KEY,
} from "@attacklens/protocol/installed-paths.ts";
import type { UpdateMethod } from "@attacklens/protocol/updates.ts";
import { installedPaths } from "../service/installation.ts";
import { runTool, systemProgram } from "../service/system-tool.ts";
import { isInKubernetes } from "../settings.ts";
import type { Trial } from "./update-record.ts";

export interface RunningProgram {
  /** The real path of the program. */
  program: string;
  stateDir: string;
  /** Whether it runs in a container, e.g. on a node of Kubernetes. */
  isContained: boolean;
}

export type UpdateMeans = { method: "self"; by: Trial["by"] } | { method: Exclude<UpdateMethod, "self"> };

/** The program of this process. `isElsewhere`: it reports another root folder than its own. */
export function runningProgram(stateDir: string, isElsewhere: boolean): RunningProgram {
  const isInImage = stateDir === installedPaths().stateDir && (isInKubernetes() || isContainer());
  const isContained = isElsewhere || isInImage;
  return { program: realpathSync(process.execPath), stateDir, isContained };
}

/** How the program is updated if it runs as this process does. */
export async function findUpdateMeans({
  program,
  stateDir,
  isContained,
}: RunningProgram): Promise<UpdateMeans> {
  if (program === PACKAGED.program) return { method: isImmutable() ? "immutable" : "package-manager" };
  const paths = installedPaths();
  if (isContained) return { method: "immutable" };
  if (stateDir !== paths.stateDir || !program.startsWith(realFolder(paths.versions)))
    return { method: "manual" };
  if (await isFromMsi()) return { method: "package-manager" };
  const by = startedBy(paths.versions);
  if (by === undefined) return { method: "manual" };
  return canWrite(paths.versions) ? { method: "self", by } : { method: "immutable" };
}

/** For `status`, which is another process than the service. `packaged`: undefined if there is no service. */
export async function methodOfService(
  packaged: boolean | undefined,
  stateDir: string,
): Promise<UpdateMethod> {
  if (packaged) return isImmutable() ? "immutable" : "package-manager";
  if (packaged === false) return (await isFromMsi()) ? "package-manager" : "self";
  return stateDir === installedPaths().stateDir && (isInKubernetes() || isContainer())
    ? "immutable"
    : "manual";
}

/** An .msi installs the program to the same path as `install`. */
async function isFromMsi(): Promise<boolean> {
  if (process.platform !== "win32") return false;
  const query = ["query", `HKLM\\${WINDOWS_KEY}`, "/v", "Package"];
  return (await runTool([systemProgram("reg.exe"), ...query])).code === 0;
}

/** An image replaces the system as a whole: rpm-ostree, transactional-update. */
function isImmutable(): boolean {
  return existsSync("/run/ostree-booted") || isReadOnly(read("/proc/1/mountinfo"), "/usr/bin");
}

/**
 * Whether the file system of the folder is mounted read-only: proc_pid_mountinfo(5). Of process 1: in the
 * unit of the service, all but the state folder is.
 */
export function isReadOnly(mountInfo: string, folder: string): boolean {
  const mounts = mountInfo.split("\n").flatMap((line) => {
    const [own = "", superBlock = ""] = line.split(" - ");
    const [, , , , path, options = ""] = own.split(" ");
    const isAbove = path !== undefined && (path === folder || folder.startsWith(join(path, "/")));
    return isAbove ? [{ path, options: [options, superBlock.split(" ")[2] ?? ""] }] : [];
  });
  // Of several mounts of a path, the last one is visible.
  const [deepest] = mounts.reverse().sort((one, other) => other.path.length - one.path.length);
  return deepest?.options.some((options) => options.split(",").includes("ro")) ?? false;
}

/** A container with a service manager is a host like others. */
function isContainer(): boolean {
  const isMarked = existsSync("/.dockerenv") || existsSync("/run/.containerenv");
  return isMarked && !existsSync("/run/systemd/system");
}

/** Undefined: no supervisor starts the sensor again when it ends. */
function startedBy(versions: string): Trial["by"] | undefined {
  // Only one process runs with the state folder, and it is the service's unless an operator stopped that.
  if (process.platform !== "linux") return "parent";
  if (existsSync("/run/systemd/system")) return isOwnUnit(read("/proc/self/cgroup")) ? "unit" : undefined;
  const parent = `/proc/${process.ppid}`;
  // The kernel cuts names after 15 characters.
  if (read(`${parent}/comm`).trim() === "supervise-daemo") return "parent";
  return exeOf(parent).startsWith(realFolder(versions)) ? "parent" : undefined;
}

/** Parses /proc/self/cgroup: cgroups(7). */
export function isOwnUnit(cgroups: string): boolean {
  const units = [SERVICE_NAME, TRIAL_SERVICE_NAME].map((name) => `/${name}.service`);
  return cgroups.split("\n").some((line) => units.some((unit) => line.endsWith(unit)));
}

function realFolder(path: string): string {
  try {
    return join(realpathSync(path), "/");
  } catch {
    return join(path, "/");
  }
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function exeOf(process: string): string {
  try {
    return readlinkSync(`${process}/exe`);
  } catch {
    return "";
  }
}
