// Files that match a pattern such as `/etc/ssh/sshd_config.d/*.conf`, sorted by name, with their text.
import { posix } from "node:path";
import type { HostFiles } from "../host-files.ts";

const MAX_FILES = 1_000;

/** Supports shell wildcards in the last part of the path only. */
export function findMatching(files: HostFiles, pattern: string): { path: string; text: string }[] {
  const folder = posix.dirname(pattern);
  const name = posix.basename(pattern);
  const isPattern = /[*?[]/.test(name);
  const glob = new Bun.Glob(name);
  const names = isPattern
    ? files.list(folder).filter((each) => !each.startsWith(".") && glob.match(each))
    : [name];
  return names.slice(0, MAX_FILES).flatMap((each) => {
    const path = posix.join(folder, each);
    const text = files.findText(path);
    return text === undefined ? [] : { path, text };
  });
}
