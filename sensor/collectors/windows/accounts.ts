// Local users and groups of Windows. Groups with rights are known by their SID: their names are those of the
// system's language.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

type UserOrGroup = Item<"users">;
type Privilege = UserOrGroup["privileges"][number];

export interface LocalUser {
  name: string;
  sid: string | undefined;
  fullName: string | undefined;
  /** UF_* of lmaccess.h; undefined: not known. */
  flags: number | undefined;
  home: string | undefined;
  /** ISO 8601. */
  lastLoginAt: string | undefined;
  /** ISO 8601 dates. */
  passwordChangedOn: string | undefined;
  expiresOn: string | undefined;
}

export interface LocalGroup {
  name: string;
  sid: string | undefined;
  members: { sid: string | undefined; name: string }[];
}

const FLAGS = { disabled: 0x2, locked: 0x10, passwordNotRequired: 0x20, passwordNeverExpires: 0x1_0000 };

/**
 * Groups whose members may act as an administrator, or nearly (Microsoft, "Active Directory security
 * groups").
 */
export const PRIVILEGED: Record<string, string> = {
  "S-1-5-32-544": "Administrators",
  "S-1-5-32-547": "Power Users",
  "S-1-5-32-548": "Account Operators",
  "S-1-5-32-549": "Server Operators",
  "S-1-5-32-550": "Print Operators",
  "S-1-5-32-551": "Backup Operators",
  "S-1-5-32-578": "Hyper-V Administrators",
};
/** Those that have all rights. Members of the others can get them. */
const ADMINISTRATORS = new Set(["Administrators", "Domain Admins", "Enterprise Admins"]);
/** Of the domain of the host, by the last number of the SID. */
const PRIVILEGED_IN_DOMAIN: Record<number, string> = { 512: "Domain Admins", 519: "Enterprise Admins" };
type User = Extract<UserOrGroup, { kind: "user" }>;
type Group = Extract<UserOrGroup, { kind: "group" }>;

const MAX_MEMBERS = 5_000;

/** `today`: ISO 8601, to tell whether an account has expired. */
export function accountItems(
  users: readonly LocalUser[],
  groups: readonly LocalGroup[],
  today: string,
  { noteGap }: Pick<HostFiles, "noteGap">,
): UserOrGroup[] {
  // By SID in capitals, and by name for a member whose SID is not known.
  const groupsOf = new Map<string, LocalGroup[]>();
  for (const group of groups) {
    for (const { sid, name } of group.members) {
      const key = memberKey(sid, name);
      const of = groupsOf.get(key);
      if (of) of.push(group);
      else groupsOf.set(key, [group]);
    }
  }
  const limited = (subject: string, all: readonly { name: string }[]) => [
    ...firstOf({ noteGap }, subject, all.map(({ name }) => factText(name, 250)).sort(), MAX_MEMBERS),
  ];
  return [
    ...users.map((user) => {
      const own = groupsOf.get(memberKey(user.sid, user.name)) ?? [];
      return { ...userItem(user, own, today), groups: limited(`groups of ${user.name}`, own) };
    }),
    ...groups.map((group) => ({
      ...groupItem(group),
      members: limited(`members of ${group.name}`, group.members),
    })),
  ];
}

function memberKey(sid: string | undefined, name: string): string {
  return sid?.toUpperCase() ?? name.toLowerCase();
}

function userItem(user: LocalUser, groups: readonly LocalGroup[], today: string): Omit<User, "groups"> {
  const { flags } = user;
  const has = (bit: number) => flags !== undefined && (flags & bit) !== 0;
  const privileged = [...new Set(groups.flatMap((group) => privilegedName(group) ?? []))];
  // The built-in administrator has its rights even outside of the group.
  const isBuiltIn = ridOf(user.sid) === 500;
  const isFull = isBuiltIn || privileged.some((name) => ADMINISTRATORS.has(name));
  return {
    key: factText(`user:${user.name}`, 300),
    kind: "user",
    name: factText(user.name, 250),
    sid: optionalFact(user.sid, 200),
    ...(ridOf(user.sid) === undefined ? {} : { uid: ridOf(user.sid)! }),
    fullName: optionalFact(user.fullName, 500),
    ...(user.home === undefined ? {} : { home: factText(user.home, 1_000) }),
    ...(flags === undefined
      ? {}
      : { canLogIn: !has(FLAGS.disabled) && !(user.expiresOn && user.expiresOn <= today) }),
    password: has(FLAGS.disabled) ? "locked" : "unknown",
    ...(flags === undefined
      ? {}
      : {
          disabled: has(FLAGS.disabled),
          lockedOut: has(FLAGS.locked),
          passwordRequired: !has(FLAGS.passwordNotRequired),
          passwordNeverExpires: has(FLAGS.passwordNeverExpires),
        }),
    lastLoginAt: user.lastLoginAt,
    passwordChangedOn: user.passwordChangedOn,
    expiresOn: user.expiresOn,
    rootAccess: isFull ? "full" : privileged.length > 0 ? "some-commands" : "none",
    privileges: [
      ...(isBuiltIn ? [{ source: "uid" as const, ...WITHOUT_RULES }] : []),
      ...privileged.map(privilegeOf),
    ],
  };
}

function groupItem(group: LocalGroup): Omit<Group, "members"> {
  const right = PRIVILEGED[group.sid ?? ""];
  const rid = ridOf(group.sid);
  return {
    key: factText(`group:${group.name}`, 300),
    kind: "group",
    name: factText(group.name, 250),
    sid: optionalFact(group.sid, 200),
    ...(rid === undefined ? {} : { gid: rid }),
    privileges: right === undefined ? [] : [privilegeOf(right)],
  };
}

function privilegedName({ sid }: LocalGroup): string | undefined {
  return (
    PRIVILEGED[sid ?? ""] ?? (sid?.startsWith("S-1-5-21-") ? PRIVILEGED_IN_DOMAIN[ridOf(sid)!] : undefined)
  );
}

/** Windows has no rules like those of sudo. */
const WITHOUT_RULES = { runAs: [], commands: [], password: "none" } satisfies Partial<Privilege>;

function privilegeOf(group: string): Privilege {
  return { source: "group", group, ...WITHOUT_RULES };
}

/** The last number of a SID. */
export function ridOf(sid: string | undefined): number | undefined {
  const rid = /-(\d{1,10})$/.exec(sid ?? "")?.[1];
  return rid === undefined ? undefined : Number(rid);
}
