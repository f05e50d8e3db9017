// Local accounts and groups, from the same files as `getent`, and why some of them may act as root.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { factText, NotOnThisHost, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { openAccountFacts } from "./account-facts.ts";
import {
  type GroupEntry,
  type PasswdEntry,
  parseGroup,
  parsePasswd,
  parseShadow,
  passwordState,
} from "./passwd.ts";
import { type Privileges, readPrivileges } from "./privileges.ts";
import { type AccountId, type Accounts, indexAccounts } from "./sudo/accounts.ts";

const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_GROUPS = 5_000;
const MAX_MEMBERS = 5_000;
/** Programs that end a session at once. */
const NO_SESSION = /\/(?:nologin|false|true|sync|shutdown|halt|reboot|poweroff|git-shell)$/;

/** One after another: a host may have many accounts with long lists of groups and rights. */
export function* collectUsers(files: HostFiles): Generator<Item<"users">> {
  const passwd = files.readText("/etc/passwd", MAX_FILE_BYTES);
  if (passwd === undefined) throw new NotOnThisHost("no /etc/passwd");
  const shadowText = files.findText("/etc/shadow", MAX_FILE_BYTES);
  const shadow = shadowText === undefined ? undefined : parseShadow(shadowText);
  const lines = parseGroup(files.readText("/etc/group", MAX_FILE_BYTES) ?? "");
  const accounts = indexAccounts(firstOfName(parsePasswd(passwd)), lines);
  const privileges = readPrivileges(files, accounts);
  using facts = openAccountFacts(files, shadowText);
  for (const [id, user] of accounts.users.entries()) {
    const item = userItem(id, accounts, shadow, privileges);
    // The rest is only counted, and the files of each account take time.
    if (id >= MAX_ITEMS) {
      yield item;
      continue;
    }
    const { hasExpired, ...others } = facts.of(user);
    yield { ...item, canLogIn: item.canLogIn && !hasExpired, ...others };
  }
  for (const group of firstOfName(lines)) yield groupItem(group, accounts, privileges);
}

function userItem(
  id: AccountId,
  accounts: Accounts,
  shadow: ReadonlyMap<string, string> | undefined,
  privileges: Privileges,
): Extract<Item<"users">, { kind: "user" }> {
  const user = accounts.users[id] as PasswdEntry;
  return {
    key: factText(`user:${user.name}`, 300),
    kind: "user",
    name: factText(user.name, 250),
    uid: user.uid,
    gid: user.gid,
    fullName: optionalFact(user.gecos.split(",", 1)[0], 500),
    home: factText(user.home, 1_000),
    shell: factText(user.shell, 1_000),
    groups: accounts
      .groupsOf(id)
      .slice(0, MAX_GROUPS)
      .map((group) => factText(accounts.groups[group]?.name ?? "", 250)),
    // An empty shell field means /bin/sh.
    canLogIn: !NO_SESSION.test(user.shell),
    password: passwordOf(user, shadow),
    ...privileges.ofUser(id),
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

function groupItem(group: GroupEntry, accounts: Accounts, privileges: Privileges): Item<"users"> {
  return {
    key: factText(`group:${group.name}`, 300),
    kind: "group",
    name: factText(group.name, 250),
    gid: group.gid,
    members: group.members.slice(0, MAX_MEMBERS).map((member) => factText(member, 250)),
    privileges: accounts.findGroups(`#${group.gid}`, false).flatMap(privileges.ofGroup),
  };
}

/** Like getpwnam(3): the first line with a name counts. */
function firstOfName<T extends { name: string }>(entries: readonly T[]): T[] {
  const names = new Set<string>();
  return entries.filter(({ name }) => names.size < names.add(name).size);
}
