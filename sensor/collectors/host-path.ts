// Paths of the host on this system's disk. If the root is not "/", symbolic links stay inside it, as with
// chroot.
import { lstatSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";

const MAX_LINKS = 40;
const ABSENT = Symbol();

/** Throws an error with the code ELOOP for too many links. */
export function resolveHostPath(root: string, path: string, followLast: boolean): string {
  if (root === "/") return path;
  let pending = path.split("/").filter(Boolean).reverse();
  let resolved = "/";
  let links = 0;
  while (pending.length > 0) {
    const part = pending.pop() ?? "";
    if (part === ".") continue;
    if (part === "..") {
      resolved = posix.dirname(resolved);
      continue;
    }
    const next = posix.join(resolved, part);
    const link = pending.length > 0 || followLast ? readLink(join(root, next)) : undefined;
    // Nothing is below what does not exist. Most of a long list of accounts have no folder.
    if (link === ABSENT && !pending.includes("..")) return join(root, next, ...pending.reverse());
    if (link === undefined || link === ABSENT) {
      resolved = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw Object.assign(new Error("too many symbolic links"), { code: "ELOOP" });
    if (link.startsWith("/")) resolved = "/";
    pending = [...pending, ...link.split("/").filter(Boolean).reverse()];
  }
  return join(root, resolved);
}

/** Undefined for what is no link, or cannot be looked at. */
function readLink(path: string): string | typeof ABSENT | undefined {
  try {
    // Most are no links, and an error takes longer than a look.
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return ABSENT;
    return stat.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
