// Paths of the host on this system's disk. If the root is not "/", symbolic links stay inside it, as with
// chroot.
import { lstatSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";

const MAX_LINKS = 40;
/** PATH_MAX of Linux. */
const MAX_PATH = 4_096;
/** Folders whose paths are remembered: most of a long list of files are in few. */
const MAX_KNOWN = 200;
const ABSENT = Symbol();
const REGULAR = Symbol();

export interface HostPath {
  real: string;
  /** Known not to exist, without a look at the disk. False: it may exist. */
  isAbsent: boolean;
  /** Known to be a regular file, and no link. */
  isRegular?: boolean;
}

/** `followLast`: also if the last part is a link. Throws an error with the code ELOOP for too many links. */
export type ResolvePath = (path: string, followLast: boolean) => HostPath;

/** For one category: what is remembered of a folder may be wrong later. */
export function openHostPaths(root: string): ResolvePath {
  if (root === "/") return (path) => ({ real: path, isAbsent: false });
  const known = new Map<string, HostPath>();

  function resolveFolder(path: string): HostPath {
    if (path === "") return { real: "/", isAbsent: false };
    let folder = known.get(path);
    if (folder === undefined) {
      folder = resolve(path, true);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(path, folder);
    }
    return folder;
  }

  /** Within the root. */
  function resolve(path: string, followLast: boolean): HostPath {
    const end = path.lastIndexOf("/");
    const folder = resolveFolder(path.slice(0, Math.max(end, 0)));
    const name = path.slice(end + 1);
    // Most of a long list of accounts have no folder.
    if (folder.isAbsent && name !== "..") return { real: posix.join(folder.real, name), isAbsent: true };
    return resolveFrom(root, folder.real, [name], followLast);
  }

  return (path, followLast) => {
    if (path.length > MAX_PATH)
      throw Object.assign(new Error("the path is too long"), { code: "ENAMETOOLONG" });
    const found = resolve(path, followLast);
    return { ...found, real: join(root, found.real) };
  };
}

/** The real path of the parts, the last of which comes first, below a real folder. */
function resolveFrom(root: string, folder: string, parts: string[], followLast: boolean): HostPath {
  let pending = parts;
  let resolved = folder;
  let links = 0;
  let isRegular = false;
  while (pending.length > 0) {
    const part = pending.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      resolved = posix.dirname(resolved);
      isRegular = false;
      continue;
    }
    const next = resolved === "/" ? `/${part}` : `${resolved}/${part}`;
    const link = pending.length > 0 || followLast ? readLink(join(root, next)) : undefined;
    // Nothing is below what does not exist.
    if (link === ABSENT && !pending.includes(".."))
      return { real: posix.join(next, ...pending.reverse()), isAbsent: true };
    if (typeof link !== "string") {
      resolved = next;
      isRegular = link === REGULAR;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw Object.assign(new Error("too many symbolic links"), { code: "ELOOP" });
    if (link.startsWith("/")) resolved = "/";
    pending = [...pending, ...link.split("/").filter(Boolean).reverse()];
  }
  return { real: resolved, isAbsent: false, isRegular };
}

/** Undefined for a folder or a device, and for what cannot be looked at. */
function readLink(path: string): string | typeof ABSENT | typeof REGULAR | undefined {
  try {
    // Most are no links, and an error takes longer than a look.
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return ABSENT;
    if (stat.isFile()) return REGULAR;
    return stat.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
