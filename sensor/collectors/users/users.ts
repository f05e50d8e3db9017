// Local accounts and groups, from the same files as `getent`, and why some of them may act as root.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { factText, NotOnThisHost, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { openAccountFacts } from "./account-facts.ts";
import { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd, passwordState } from "./passwd.ts";
import { type Privileges, readPrivileges } from "./privileges.ts";
import { indexShadow, type Shadow } from "./shadow.ts";
import { type AccountId, type Accounts, indexAccounts } from "./sudo/accounts.ts";
import { MAX_PASSWD_BYTES } from "./user-names.ts";

const MAX_GROUPS = 5_000;
const MAX_MEMBERS = 5_000;
/** Programs that end a session at once. */
const NO_SESSION = /\/(?:nologin|false|true|sync|shutdown|halt|reboot|poweroff|git-shell)$/;

/**
 * One after another: a host may have many accounts with long lists of groups and rights. Their lines are
 * parsed twice, so that most of their fields are never all in memory.
 */
export function* collectUsers(files: HostFiles): Generator<Item<"users">> {
  const passwd = files.readText("/etc/passwd", MAX_PASSWD_BYTES);
  if (passwd === undefined) throw new NotOnThisHost("no /etc/passwd");
  const group = files.readText("/etc/group", MAX_PASSWD_BYTES) ?? "";
  const accounts = indexAccounts(parsePasswd(passwd), parseGroup(group));
  const shadow = readShadow(files, accounts);
  const privileges = readPrivileges(files, accounts);
  yield* listUsers(files, passwd, accounts, shadow, privileges);
  yield* listGroups(files, group, accounts, privileges);
}

/** Undefined: not readable. */
function readShadow(files: HostFiles, accounts: Accounts): Shadow | undefined {
  const text = files.findText("/etc/shadow", MAX_PASSWD_BYTES);
  return text === undefined ? undefined : indexShadow(text, accounts);
}

function* listUsers(
  files: HostFiles,
  passwd: string,
  accounts: Accounts,
  shadow: Shadow | undefined,
  privileges: Privileges,
): Generator<Item<"users">> {
  using facts = openAccountFacts(files);
  let id = 0;
  for (const user of parsePasswd(passwd)) {
    // A later line with the name of an earlier one is no account.
    if (accounts.findUser(id)?.name !== user.name) continue;
    if (id >= MAX_ITEMS) yield countedUser(user);
    else {
      const item = userItem(files, id, user, accounts, shadow, privileges);
      const { hasExpired, ...others } = facts.of(user, shadow?.agesOf(id));
      yield { ...item, canLogIn: item.canLogIn && !hasExpired, ...others };
    }
    id += 1;
  }
}

function* listGroups(
  files: HostFiles,
  group: string,
  accounts: Accounts,
  privileges: Privileges,
): Generator<Item<"users">> {
  let nth = accounts.userCount;
  for (const entry of parseGroup(group)) {
    yield nth < MAX_ITEMS ? groupItem(files, entry, accounts, privileges) : countedGroup(entry);
    nth += 1;
  }
}

type User = Extract<Item<"users">, { kind: "user" }>;
type Group = Extract<Item<"users">, { kind: "group" }>;

/** An item that is only counted: what takes time is left out. */
function countedUser({ name, uid, gid }: PasswdEntry): User {
  const rest = { canLogIn: false, password: "unknown", rootAccess: "unknown" } as const;
  return { key: userKey(name), kind: "user", name, uid, gid, ...rest, groups: [], privileges: [] };
}

function countedGroup({ name, gid }: GroupEntry): Group {
  return { key: groupKey(name), kind: "group", name, gid, members: [], privileges: [] };
}

const userKey = (name: string) => factText(`user:${name}`, 300);
const groupKey = (name: string) => factText(`group:${name}`, 300);

function userItem(
  files: HostFiles,
  id: AccountId,
  user: PasswdEntry,
  accounts: Accounts,
  shadow: Shadow | undefined,
  privileges: Privileges,
): User {
  return {
    key: userKey(user.name),
    kind: "user",
    name: factText(user.name, 250),
    uid: user.uid,
    gid: user.gid,
    fullName: optionalFact(user.gecos.split(",", 1)[0], 500),
    home: factText(user.home, 1_000),
    shell: factText(user.shell, 1_000),
    groups: firstOf(files, `groups of ${user.name}`, accounts.groupsOf(id), MAX_GROUPS).map((group) =>
      factText(accounts.findGroup(group)?.name ?? "", 250),
    ),
    // An empty shell field means /bin/sh.
    canLogIn: !NO_SESSION.test(user.shell),
    password: passwordOf(id, user, shadow),
    ...privileges.ofUser(id),
  };
}

function passwordOf(
  id: AccountId,
  user: PasswdEntry,
  shadow: Shadow | undefined,
): "set" | "locked" | "none" | "unknown" {
  if (user.password !== "x") return passwordState(user.password);
  return shadow ? shadow.passwordOf(id) : "unknown";
}

function groupItem(files: HostFiles, group: GroupEntry, accounts: Accounts, privileges: Privileges): Group {
  return {
    key: groupKey(group.name),
    kind: "group",
    name: factText(group.name, 250),
    gid: group.gid,
    members: firstOf(files, `members of ${group.name}`, group.members, MAX_MEMBERS).map((member) =>
      factText(member, 250),
    ),
    privileges: accounts.findGroups(`#${group.gid}`, false).flatMap(privileges.ofGroup),
  };
}
