// Local accounts and groups of macOS from the records of its directory. Members of the group `admin` (80) act
// as root with their own password, whatever sudoers says: installers and System Settings ask for it.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import type { GroupEntry, PasswdEntry } from "../users/passwd.ts";
import type { Privileges } from "../users/privileges.ts";
import type { Accounts } from "../users/sudo/accounts.ts";
import type { DirectoryRecord } from "./directory.ts";
import { asDict, numberIn } from "./plist-value.ts";
import { parsePropertyList } from "./property-list.ts";

type Users = Item<"users">;
type User = Extract<Users, { kind: "user" }>;

const ADMIN = 80;
const MAX_LIST = 5_000;
const MAX_PRIVILEGES = 50;
const MAX_ID = 0xffff_ffff;
const NO_SESSION = /\/(?:nologin|false|true)$/;

export interface MacosUser extends PasswdEntry {
  record: DirectoryRecord;
}

export function parseUsers(records: readonly DirectoryRecord[]): MacosUser[] {
  return records.flatMap((record) => {
    const name = first(record, "recordname");
    const uid = idOf(first(record, "uniqueid"));
    if (name === undefined || uid === undefined) return [];
    return {
      name,
      uid,
      gid: idOf(first(record, "primarygroupid")) ?? MAX_ID,
      password: first(record, "password") ?? "",
      gecos: first(record, "realname") ?? "",
      home: first(record, "nfshomedirectory") ?? "",
      shell: first(record, "usershell") ?? "",
      record,
    };
  });
}

/** With the members of nested groups, which the directory names by UUID. */
export function parseGroups(records: readonly DirectoryRecord[], users: readonly MacosUser[]): GroupEntry[] {
  const names = new Map(users.map(({ name, record }) => [uuidOf(record), name]));
  const byUuid = new Map(records.map((record) => [uuidOf(record), record]));
  return records.flatMap((record) => {
    const name = first(record, "recordname");
    const gid = idOf(first(record, "primarygroupid"));
    return name === undefined || gid === undefined
      ? []
      : { name, gid, members: [...membersOf(record, names, byUuid)] };
  });
}

function membersOf(
  group: DirectoryRecord,
  names: ReadonlyMap<string, string>,
  byUuid: ReadonlyMap<string, DirectoryRecord>,
): Set<string> {
  const members = new Set<string>();
  const seen = new Set([group]);
  // A set visits what is added meanwhile.
  for (const each of seen) {
    for (const member of each.get("groupmembership") ?? []) members.add(member);
    for (const uuid of each.get("groupmembers") ?? []) {
      const name = names.get(uuid.toUpperCase());
      if (name !== undefined) members.add(name);
    }
    for (const uuid of each.get("nestedgroups") ?? []) {
      const nested = byUuid.get(uuid.toUpperCase());
      if (nested !== undefined) seen.add(nested);
    }
  }
  return members;
}

/** `users` has the same order as the accounts. */
export function userItem(
  files: HostFiles,
  id: number,
  user: MacosUser,
  accounts: Accounts,
  privileges: Privileges,
): User {
  const groups = accounts.groupsOf(id).flatMap((group) => accounts.findGroup(group) ?? []);
  const rights = privileges.ofUser(id);
  const admin = groups.find(({ gid }) => gid === ADMIN);
  const authority = user.record.get("authenticationauthority") ?? [];
  const isDisabled = authority.some((each) => each.includes(";DisabledUser;"));
  const password = passwordOf(user, authority);
  return {
    key: factText(`user:${user.name}`, 300),
    kind: "user",
    name: factText(user.name, 250),
    uid: user.uid,
    gid: user.gid === MAX_ID ? undefined : user.gid,
    fullName: optionalFact(user.gecos, 500),
    home: optionalFact(user.home, 1_000),
    shell: optionalFact(user.shell, 1_000),
    groups: firstOf(files, `groups of ${user.name}`, groups, MAX_LIST).map(({ name }) => factText(name, 250)),
    canLogIn: !isDisabled && password !== "locked" && !NO_SESSION.test(user.shell),
    password,
    disabled: isDisabled,
    hidden: ["1", "yes", "true"].includes(first(user.record, "ishidden")?.toLowerCase() ?? "")
      ? true
      : undefined,
    rootAccess: admin === undefined ? rights.rootAccess : "full",
    privileges: limited(files, [
      ...(admin === undefined
        ? []
        : [
            {
              ...ADMIN_RIGHT,
              ...(user.uid === 0 ? { password: "none" as const } : {}),
              group: factText(admin.name, 250),
            },
          ]),
      ...rights.privileges,
    ]),
    passwordChangedOn: passwordChange(first(user.record, "accountpolicydata")),
  };
}

const ADMIN_RIGHT = {
  source: "group",
  runAs: ["root"],
  commands: ["ALL"],
  password: "own",
} as const satisfies Partial<User["privileges"][number]>;

function limited(files: HostFiles, privileges: User["privileges"]): User["privileges"] {
  return [...firstOf(files, "privileges", privileges, MAX_PRIVILEGES)];
}

export function groupItem(
  files: HostFiles,
  group: GroupEntry,
  accounts: Accounts,
  privileges: Privileges,
): Users {
  const ofGroup = accounts.findGroups(`#${group.gid}`, false).flatMap(privileges.ofGroup);
  return {
    key: factText(`group:${group.name}`, 300),
    kind: "group",
    name: factText(group.name, 250),
    gid: group.gid,
    members: firstOf(files, `members of ${group.name}`, group.members, MAX_LIST).map((member) =>
      factText(member, 250),
    ),
    privileges: limited(files, [...(group.gid === ADMIN ? [ADMIN_RIGHT] : []), ...ofGroup]),
  };
}

/** An account of the system has `*` and no way to check a password. */
function passwordOf({ password }: MacosUser, authority: readonly string[]): User["password"] {
  if (authority.some((each) => /;(?:ShadowHash|Kerberosv5|LocalCachedUser|basic);/.test(each))) return "set";
  if (password === "*" || password === "") return "locked";
  return "unknown";
}

/** Seconds since 1970, in a property list in the record. */
function passwordChange(policy: string | undefined): string | undefined {
  if (policy === undefined) return undefined;
  try {
    const seconds = numberIn(asDict(parsePropertyList(Buffer.from(policy))), "passwordLastSetTime");
    return seconds === undefined || seconds <= 0 || seconds > 100_000_000_000
      ? undefined
      : new Date(seconds * 1_000).toISOString().slice(0, 10);
  } catch {
    return undefined;
  }
}

function first(record: DirectoryRecord, name: string): string | undefined {
  return record.get(name)?.[0];
}

function uuidOf(record: DirectoryRecord): string {
  return first(record, "generateduid")?.toUpperCase() ?? "";
}

/** `nobody` has -2, which is the same as 4294967294. */
function idOf(text: string | undefined): number | undefined {
  const number = text?.startsWith("-") ? parseCount(text.slice(1)) : parseCount(text);
  if (number === undefined || number > MAX_ID) return undefined;
  return text?.startsWith("-") && number > 0 ? MAX_ID + 1 - number : number;
}
