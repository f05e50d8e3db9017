// Paths of the host on this system's disk. If the root is not "/", symbolic links stay inside it, as with
// chroot.
import { readlinkSync } from "node:fs";
import { join, posix } from "node:path";

const MAX_LINKS = 40;

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
    const link = pending.length > 0 || followLast ? readLinkOrUndefined(join(root, next)) : undefined;
    if (link === undefined) {
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

function readLinkOrUndefined(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
