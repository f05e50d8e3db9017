// Local accounts and groups, from the same files as `getent`, and why some of them may act as root.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, NotOnThisHost, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readHostname } from "../system/host.ts";
import { openAccountFacts } from "./account-facts.ts";
import { parseDoasRules } from "./doas.ts";
import {
  type GroupEntry,
  type PasswdEntry,
  parseGroup,
  parsePasswd,
  parseShadow,
  passwordState,
} from "./passwd.ts";
import { groupPrivileges, userPrivileges } from "./privileges.ts";
import { parseSudoRules, type RootRule } from "./sudoers.ts";
import { readSudoersLines } from "./sudoers-lines.ts";

const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_GROUPS = 5_000;
const MAX_MEMBERS = 5_000;
/** Programs that end a session at once. */
const NO_SESSION = /\/(?:nologin|false|true|sync|shutdown|halt|reboot|poweroff|git-shell)$/;

type GroupWithPrivileges = GroupEntry & { privileges: string[] };

export function collectUsers(files: HostFiles): Item<"users">[] {
  const passwd = files.readText("/etc/passwd", MAX_FILE_BYTES);
  if (passwd === undefined) throw new NotOnThisHost("no /etc/passwd");
  const users = firstOfName(parsePasswd(passwd));
  const shadowText = files.findText("/etc/shadow", MAX_FILE_BYTES);
  const shadow = shadowText === undefined ? undefined : parseShadow(shadowText);
  const rules = readRules(files);
  const groups = firstOfName(parseGroup(files.readText("/etc/group", MAX_FILE_BYTES) ?? "")).map((group) => ({
    ...group,
    privileges: groupPrivileges(group, rules),
  }));
  const groupsOf = indexGroups(groups);
  using facts = openAccountFacts(files, shadowText);
  return [
    ...users.map((user) => {
      const item = userItem(user, groupsOf(user), shadow, rules);
      const { hasExpired, ...others } = facts.of(user);
      return { ...item, canLogIn: item.canLogIn && !hasExpired, ...others };
    }),
    ...groups.map((group) => groupItem(group)),
  ];
}

/** Empty without sudo and doas; undefined if their rules cannot be read. */
function readRules(files: HostFiles): RootRule[] | undefined {
  try {
    const hostname = readHostname(files);
    const sudo = parseSudoRules(readSudoersLines(files, hostname) ?? [], hostname);
    const doas = [
      "/etc/doas.conf",
      ...files.list("/etc/doas.d").map((name) => `/etc/doas.d/${name}`),
    ].flatMap((path) => (path.endsWith(".conf") ? parseDoasRules(files.readText(path) ?? "") : []));
    return [
      ...sudo.map(({ users, grant }) => ({ users, grant: `sudoers: ${grant}` })),
      ...doas.map(({ users, grant }) => ({ users, grant: `doas: ${grant}` })),
    ];
  } catch {
    return undefined;
  }
}

function indexGroups(groups: readonly GroupWithPrivileges[]) {
  const byGid = new Map<number, GroupWithPrivileges>();
  const byMember = new Map<string, GroupWithPrivileges[]>();
  for (const group of groups) {
    if (!byGid.has(group.gid)) byGid.set(group.gid, group);
    for (const member of new Set(group.members)) {
      const memberOf = byMember.get(member);
      if (memberOf) memberOf.push(group);
      else byMember.set(member, [group]);
    }
  }
  return (user: PasswdEntry): GroupWithPrivileges[] => {
    const primary = byGid.get(user.gid);
    const others = (byMember.get(user.name) ?? []).filter((group) => group !== primary);
    others.sort((left, right) => (left.name < right.name ? -1 : 1));
    return primary ? [primary, ...others] : others;
  };
}

function userItem(
  user: PasswdEntry,
  groups: readonly GroupWithPrivileges[],
  shadow: ReadonlyMap<string, string> | undefined,
  rules: readonly RootRule[] | undefined,
): Extract<Item<"users">, { kind: "user" }> {
  return {
    key: factText(`user:${user.name}`, 300),
    kind: "user",
    name: factText(user.name, 250),
    uid: user.uid,
    gid: user.gid,
    fullName: optionalFact(user.gecos.split(",", 1)[0], 500),
    home: factText(user.home, 1_000),
    shell: factText(user.shell, 1_000),
    groups: groups.slice(0, MAX_GROUPS).map(({ name }) => factText(name, 250)),
    // An empty shell field means /bin/sh.
    canLogIn: !NO_SESSION.test(user.shell),
    password: passwordOf(user, shadow),
    privileges: userPrivileges(user, groups, rules),
  };
}

function passwordOf(
  user: PasswdEntry,
  shadow: ReadonlyMap<string, string> | undefined,
): "set" | "locked" | "none" | "unknown" {
  if (user.password !== "x") return passwordState(user.password);
  // An account without its shadow entry has no password that could match.
  return shadow ? passwordState(shadow.get(user.name) ?? "*") : "unknown";
}

function groupItem(group: GroupWithPrivileges): Item<"users"> {
  return {
    key: factText(`group:${group.name}`, 300),
    kind: "group",
    name: factText(group.name, 250),
    gid: group.gid,
    members: group.members.slice(0, MAX_MEMBERS).map((member) => factText(member, 250)),
    privileges: group.privileges,
  };
}

/** Like getpwnam(3): the first line with a name counts. */
function firstOfName<T extends { name: string }>(entries: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
