// Who else could put another identity into the state folder of a sensor that runs as root: nobody may. On Windows this is not
// checked: its folders have access lists, which %ProgramData% passes on.
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { SensorError } from "../sensor-error.ts";
import { refuseNewerState } from "./state-version.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const MAX_LINKS = 40;

/** The folder for a command to use. Throws SensorError, and nothing was changed, when it is not this build's or not safe. */
export function checkStateDir(stateDir: string): string {
  if (process.platform !== "win32" && process.getuid?.() === 0) refuseForeignFolder(stateDir);
  refuseNewerState(stateDir);
  return stateDir;
}

/** Throws SensorError unless the folder, each that leads to it, and what the sensor reads in it, is root's alone to change. */
export function refuseForeignFolder(stateDir: string): void {
  const folder = refuseForeignPath(stateDir, stateDir);
  if (folder === undefined) return;
  for (const name of ["identity.json", "status.json", "reports", "re-enroll"])
    refuseForeignPath(stateDir, join(folder, name));
}

/** Returns where the path leads to, through links; undefined when it does not exist yet: then root makes it. */
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
    // In a sticky folder, e.g. /tmp, nobody renames what is root's; but anybody puts a file into it.
    const isSticky = (stat.mode & STICKY) !== 0 && parts.length > 0;
    if ((stat.mode & WRITABLE_BY_OTHERS) !== 0 && !isSticky)
      throw foreignFolder(stateDir, path, `${whoWrites(stat)} may write to it`, `chmod go-w ${quote(path)}`);
    current = path;
  }
  return current;
}

/** Undefined for what does not exist, or where a part of the path is no folder: whoever uses it says so. */
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

/** For a shell, where the path needs it. */
function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
