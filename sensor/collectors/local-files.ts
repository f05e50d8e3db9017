// Whether a file is on a disk of this host. The sensor looks at unchanged files outside of a process that it
// can end, and a file server that does not reply would block it.
import { lstatSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { deviceNumber, isNetworkFileSystem, parseMountinfo } from "./system/mounts.ts";

const MOUNTS = "/proc/self/mountinfo";

/** Files that exist, or the folder that would contain them, were read before, so that looking is safe. */
export function openLocalFiles(mountinfo = readMountinfo()): (path: string) => boolean {
  const remote = parseMountinfo(mountinfo).filter(({ fileSystem }) => isNetworkFileSystem(fileSystem));
  if (remote.length === 0) return () => true;
  const devices = new Set(remote.map(({ number }) => number));
  const isBelow = (path: string) => remote.some((mount) => `${path}/`.startsWith(`${mount.path}/`));
  // A link may lead to a file server.
  const folders = new Map<string, boolean>();

  function isLocalFolder(path: string): boolean {
    let known = folders.get(path);
    if (known === undefined) {
      const device = deviceOf(path, statSync);
      known =
        !isBelow(path) &&
        (device === undefined ? path === "/" || isLocalFolder(dirname(path)) : !devices.has(device));
      folders.set(path, known);
    }
    return known;
  }

  return (path) => {
    if (isBelow(path) || !isLocalFolder(dirname(path))) return false;
    const [own, target] = [deviceOf(path, lstatSync), deviceOf(path, statSync)];
    return ![own, target].some((device) => device !== undefined && devices.has(device));
  };
}

function readMountinfo(): string {
  try {
    return readFileSync(MOUNTS, "utf8");
  } catch {
    // Another system than Linux.
    return "";
  }
}

function deviceOf(path: string, stat: typeof statSync | typeof lstatSync): string | undefined {
  try {
    const found = stat(path, { throwIfNoEntry: false });
    return found && deviceNumber(found.dev);
  } catch {
    return undefined;
  }
}
