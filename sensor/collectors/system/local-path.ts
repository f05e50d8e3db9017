// Whether a path is on a disk of this host. A file server that does not respond would block the sensor, and
// an automounter would mount a folder that is not in use.
import { posix } from "node:path";
import { type HostFiles, linkTarget } from "../host-files.ts";
import { isNetworkFileSystem, listMounts } from "./mounts.ts";

export type IsLocal = (path: string) => boolean;

const MAX_LINKS = 40;

export function openLocalPaths(files: HostFiles): IsLocal {
  const remote = listMounts(files)
    .filter(({ fileSystem }) => isNetworkFileSystem(fileSystem))
    .map(({ path }) => path);
  if (remote.length === 0) return () => true;
  const isRemote = (path: string) => remote.some((mount) => path === mount || path.startsWith(`${mount}/`));
  // A later mount of a disk may be below one of the network.
  return (path) => {
    let pending = path.split("/").filter(Boolean).reverse();
    let reached = "/";
    let links = 0;
    while (pending.length > 0) {
      const part = pending.pop()!;
      if (part === ".") continue;
      reached = part === ".." ? posix.dirname(reached) : posix.join(reached, part);
      if (isRemote(reached)) return false;
      const target = part === ".." ? undefined : files.findLink(reached);
      if (target === undefined) continue;
      links += 1;
      if (links > MAX_LINKS) return false;
      pending = [...pending, ...linkTarget(reached, target).split("/").filter(Boolean).reverse()];
      reached = "/";
    }
    return true;
  };
}
