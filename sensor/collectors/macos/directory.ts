// The records of the local directory of macOS: from `dscl -plist`, or from the files behind it.
import type { HostFiles } from "../host-files.ts";
import { readPlist } from "./macos-host.ts";
import { asDict, asList, type PlistDict } from "./plist-value.ts";
import { parsePropertyList } from "./property-list.ts";

/** All values of an attribute, by its name in lower case without the prefix of its kind. */
export type DirectoryRecord = ReadonlyMap<string, string[]>;

export const DSCL = "/usr/bin/dscl";
/** Without those that contain hashes of passwords. */
export const USER_ATTRIBUTES = [
  "RecordName",
  "UniqueID",
  "PrimaryGroupID",
  "GeneratedUID",
  "RealName",
  "NFSHomeDirectory",
  "UserShell",
  "Password",
  "AuthenticationAuthority",
  "IsHidden",
  "accountPolicyData",
];
export const GROUP_ATTRIBUTES = [
  "RecordName",
  "PrimaryGroupID",
  "GeneratedUID",
  "GroupMembership",
  "GroupMembers",
  "NestedGroups",
];
/** What the files call the attributes. */
const NAMES_IN_FILES: Record<string, string> = {
  name: "recordname",
  uid: "uniqueid",
  gid: "primarygroupid",
  generateduid: "generateduid",
  realname: "realname",
  home: "nfshomedirectory",
  shell: "usershell",
  passwd: "password",
  authentication_authority: "authenticationauthority",
  ishidden: "ishidden",
  accountpolicydata: "accountpolicydata",
  users: "groupmembership",
  groupmembers: "groupmembers",
  nestedgroups: "nestedgroups",
};
export const DIRECTORY = "/private/var/db/dslocal/nodes/Default";

/** Throws DamagedPlist. */
export function parseDscl(output: string): DirectoryRecord[] {
  const top = parsePropertyList(Buffer.from(output));
  return asList(top).flatMap((value) => {
    const dict = asDict(value);
    return dict ? recordOf(dict, (name) => name.slice(name.lastIndexOf(":") + 1).toLowerCase()) : [];
  });
}

/** For a disk. Undefined if the folder is absent or cannot be read. */
export function readDirectoryFiles(
  files: HostFiles,
  kind: "users" | "groups",
): DirectoryRecord[] | undefined {
  const names = files.list(`${DIRECTORY}/${kind}`).filter((name) => name.endsWith(".plist"));
  if (names.length === 0) return undefined;
  return names.flatMap((name) => {
    const dict = readPlist(files, `${DIRECTORY}/${kind}/${name}`);
    return dict ? recordOf(dict, (key) => NAMES_IN_FILES[key.toLowerCase()]) : [];
  });
}

function recordOf(dict: PlistDict, nameOf: (key: string) => string | undefined): DirectoryRecord {
  const record = new Map<string, string[]>();
  for (const [key, value] of dict) {
    const name = nameOf(key);
    if (name === undefined) continue;
    const values = (Array.isArray(value) ? value : [value]).flatMap((each) => {
      if (typeof each === "string" || typeof each === "number") return String(each);
      return each instanceof Uint8Array ? Buffer.from(each).toString("utf8") : [];
    });
    record.set(name, values);
  }
  return record;
}
