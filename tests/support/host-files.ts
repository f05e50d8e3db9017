// What a host has on its disk, to see what an installation left.
import { readdirSync } from "node:fs";
import { join } from "node:path";

const VOLATILE =
  /^(proc|sys|dev|run|tmp|var\/(tmp|log|cache|backups)|var\/lib\/(dpkg|rpm|systemd|apt))(\/|$)/;

/**
 * All paths of the host but those that change while it runs, and what its package manager notes for itself.
 */
export function listFiles(root: string): string[] {
  const list = (inFolder: string): string[] =>
    readdirSync(join(root, inFolder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(inFolder, entry.name);
      if (VOLATILE.test(path)) return [];
      return entry.isDirectory() ? [path, ...list(path)] : [path];
    });
  return list("").sort();
}
