// Rejects a state folder in which another user could replace the identity of a sensor that runs as root or
// SYSTEM. Under Windows, it also repairs the access lists of an existing one.
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { SensorError } from "../sensor-error.ts";
import { identityPath } from "./identity.ts";
import { protectStateFolder } from "./private-files.ts";
import { refuseNewerState } from "./state-version.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const MAX_LINKS = 40;

/**
 * Returns the folder. Throws SensorError, and changes nothing, if a newer build wrote it or another user
 * could change it.
 */
export function checkStateDir(stateDir: string): string {
  if (process.platform === "win32") protectStateFolder(stateDir, identityPath(stateDir));
  else if (process.getuid?.() === 0) refuseForeignFolder(stateDir);
  refuseNewerState(stateDir);
  return stateDir;
}

/**
 * Throws SensorError unless only root can change the folder, its parents, and the files that the sensor reads
 * in it.
 */
export function refuseForeignFolder(stateDir: string): void {
  const folder = refuseForeignPath(stateDir, stateDir);
  if (folder === undefined) return;
  for (const name of ["identity.json", "sealed-token.json", "status.json", "reports", "re-enroll"])
    refuseForeignPath(stateDir, join(folder, name));
}

/**
 * Returns the target of the path after following links; undefined if it does not exist yet, so that root
 * creates it.
 */
function refuseForeignPath(stateDir: string, wanted: string): string | undefined {
  const parts = resolve(wanted).split("/").filter(Boolean);
  let current = "/";
  for (let links = 0; parts.length > 0; ) {
    const path = join(current, parts.shift()!);
    const stat = look(path);
    if (!stat) return undefined;
    if (stat.uid !== 0)
      throw foreignFolder(stateDir, path, `it belongs to user ${stat.uid}`, `chown -h root ${quote(path)}`);
    if (stat.isSymbolicLink()) {
      if (++links > MAX_LINKS)
        throw foreignFolder(stateDir, path, "its symbolic links form a loop", `rm ${quote(path)}`);
      const target = readlinkSync(path);
      parts.unshift(...target.split("/").filter(Boolean));
      current = isAbsolute(target) ? "/" : dirname(path);
      continue;
    }
    // In a sticky folder, e.g. /tmp, users cannot rename root's files, but they can add their own.
    const isSticky = (stat.mode & STICKY) !== 0 && parts.length > 0;
    if ((stat.mode & WRITABLE_BY_OTHERS) !== 0 && !isSticky)
      throw foreignFolder(stateDir, path, `${whoWrites(stat)} may write to it`, `chmod go-w ${quote(path)}`);
    current = path;
  }
  return current;
}

/** Undefined if the path does not exist or part of it is not a folder. The later use reports that. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function whoWrites({ mode, gid }: Stats): string {
  return (mode & 0o002) !== 0 ? "every user" : `group ${gid}`;
}

function foreignFolder(stateDir: string, path: string, why: string, command: string): SensorError {
  const what = path === resolve(stateDir) ? "" : `: ${path}`;
  return new SensorError(
    "identity",
    `Cannot use the state folder ${stateDir}${what}: ${why}, and the sensor runs as root; another user could replace its identity. Nothing was changed`,
    `${command}, or choose another folder with --state`,
  );
}

/** Quotes the path for a shell if necessary. */
function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
