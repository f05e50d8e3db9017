// Why an account or group may act as root: through sudo, or a group with equivalent rights.
import { factText } from "../collector.ts";
import type { GroupEntry, PasswdEntry } from "./passwd.ts";
import type { RootRule } from "./sudoers.ts";

/**
 * Groups that grant root without sudo: their members control a daemon that runs as root, or can read and
 * write the disks.
 */
const ROOT_EQUIVALENT_GROUPS = new Set(["docker", "lxd", "incus-admin", "disk", "libvirt"]);
/** Groups that distributions allow to use sudo, for hosts where the sensor cannot read sudoers. */
const SUDO_GROUPS = new Set(["sudo", "wheel", "admin"]);
const MAX_PRIVILEGES = 200;
const ROOT_EQUIVALENT = "root-equivalent group";
const SUDO_GROUP = "sudo group";

/** `rules` of sudo and doas; undefined: they cannot be read. */
export function groupPrivileges(group: GroupEntry, rules: readonly RootRule[] | undefined): string[] {
  const privileges: string[] = [];
  if (ROOT_EQUIVALENT_GROUPS.has(group.name)) privileges.push(ROOT_EQUIVALENT);
  if (rules === undefined && SUDO_GROUPS.has(group.name)) privileges.push(SUDO_GROUP);
  for (const { users, grant } of rules ?? []) {
    const decisive = users.findLast((user) => [`%${group.name}`, `%#${group.gid}`].includes(bare(user)));
    if (decisive !== undefined && !decisive.startsWith("!")) privileges.push(grant);
  }
  return distinct(privileges);
}

/** `groups`: the groups of the account, with their privileges. */
export function userPrivileges(
  user: PasswdEntry,
  groups: readonly { name: string; gid: number; privileges: readonly string[] }[],
  rules: readonly RootRule[] | undefined,
): string[] {
  const privileges: string[] = [];
  if (user.uid === 0) privileges.push("uid 0");
  for (const group of groups)
    if (group.privileges.includes(ROOT_EQUIVALENT) || group.privileges.includes(SUDO_GROUP))
      privileges.push(`member of ${group.name}`);
  const ownNames = new Set([user.name, `#${user.uid}`, "ALL"]);
  const groupNames = new Map<string, string>(
    groups.flatMap(({ name, gid }) => [[`%${name}`, name] as const, [`%#${gid}`, name] as const]),
  );
  for (const { users, grant } of rules ?? []) {
    // The last rule that matches the account or one of its groups applies.
    const decisive = users.findLast((each) => ownNames.has(bare(each)) || groupNames.has(bare(each)));
    if (decisive === undefined || decisive.startsWith("!")) continue;
    const group = groupNames.get(decisive);
    privileges.push(group === undefined ? grant : `member of ${group}`);
  }
  return distinct(privileges);
}

function bare(user: string): string {
  return user.replace(/^!+\s*/, "");
}

function distinct(privileges: readonly string[]): string[] {
  return [...new Set(privileges.map((privilege) => factText(privilege, 300)))].slice(0, MAX_PRIVILEGES);
}
