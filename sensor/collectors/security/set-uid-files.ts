// Programs that run with the rights of their owner or group, whoever starts them, in the folders of the
// system.
import { lstatSync, type Stats } from "node:fs";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { parseGroup } from "../users/passwd.ts";
import { MAX_PASSWD_BYTES, openUserNames } from "../users/user-names.ts";
import { type SecuritySetting, setting } from "./setting.ts";

/** Helpers of packages are in subfolders of the last ones. */
const FOLDERS = [
  ...["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/games"],
  ...["/usr/libexec", "/usr/lib/openssh", "/usr/lib/dbus-1.0", "/usr/lib/polkit-1", "/usr/lib/policykit-1"],
  ...["/usr/lib/eject", "/usr/lib/xorg", "/usr/lib/snapd", "/usr/lib/spice-gtk", "/usr/lib/virtualbox"],
  ...["/usr/lib/vmware", "/usr/lib/qemu", "/usr/lib/mc", "/usr/lib/sudo", "/usr/lib/uucp", "/usr/lib/ssh"],
];
const DEEP = new Set(["/usr/libexec"]);
const MAX_DEPTH = 3;
const SET_UID = 0o4000;
const SET_GID = 0o2000;
const MAX_LISTED = 500;

export function readSetUidFiles(files: HostFiles): SecuritySetting[] {
  const seen = new Set<string>();
  const found: { path: string; mode: number; uid: number; gid: number }[] = [];
  const look = (folder: string, depth: number) => {
    const real = files.findRealPath(folder);
    // With merged /usr, /bin is /usr/bin.
    if (real === undefined || seen.has(real) || depth > MAX_DEPTH) return;
    seen.add(real);
    files.checkTime();
    const isDeep = DEEP.has(folder.split("/").slice(0, 3).join("/"));
    for (const { name, kind } of files.listEntries(folder)) {
      const path = `${folder}/${name}`;
      if (kind === "folder" && isDeep) look(path, depth + 1);
      // Not with findStat: thousands of files would have to be looked at before each check-in.
      const stat = kind === "file" ? lstatOf(`${real}/${name}`) : undefined;
      if (stat !== undefined && (stat.mode & (SET_UID | SET_GID)) !== 0)
        found.push({ path, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid });
    }
  };
  for (const folder of FOLDERS) look(folder, 0);
  if (seen.size === 0) return [];
  const count = (bit: number) => String(found.filter(({ mode }) => (mode & bit) !== 0).length);
  const nameOf = found.length > 0 ? accountNames(files) : () => "";
  return [
    setting("files", "set-uid files", count(SET_UID), "/usr"),
    setting("files", "set-gid files", count(SET_GID), "/usr"),
    ...firstOf(files, "set-uid files", found, MAX_LISTED).map(({ path, mode, uid, gid }) =>
      setting("files", path, `${nameOf("user", uid)}:${nameOf("group", gid)} ${mode.toString(8)}`, path),
    ),
  ];
}

/** Does not follow a link that has taken the place of the file. */
function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function accountNames(files: HostFiles): (kind: "user" | "group", id: number) => string {
  const userName = openUserNames(files);
  const groups = new Map<number, string>();
  for (const { gid, name } of parseGroup(files.findText("/etc/group", MAX_PASSWD_BYTES) ?? ""))
    if (!groups.has(gid)) groups.set(gid, name);
  return (kind, id) => (kind === "user" ? userName(id) : groups.get(id)) ?? String(id);
}
