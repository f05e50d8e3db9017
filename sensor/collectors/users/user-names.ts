// The names of user ids, for facts that have only an id.
import type { HostFiles } from "../host-files.ts";
import { parsePasswd } from "./passwd.ts";

export const MAX_PASSWD_BYTES = 32 * 1024 * 1024;

/** Reads passwd(5) when it is asked for the first time. If an id has several names, the first one counts. */
export function openUserNames(files: HostFiles): (uid: number) => string | undefined {
  let names: Map<number, string> | undefined;
  return (uid) => {
    names ??= readNames(files);
    return names.get(uid);
  };
}

function readNames(files: HostFiles): Map<number, string> {
  const names = new Map<number, string>();
  for (const { uid, name } of parsePasswd(files.findText("/etc/passwd", MAX_PASSWD_BYTES) ?? ""))
    if (!names.has(uid)) names.set(uid, name);
  return names;
}
