// The accounts and groups of the host, as sudo and doas look them up: names, ids, and who is in which group.
import { openNumberIndex } from "../../number-index.ts";
import type { GroupEntry, PasswdEntry } from "../passwd.ts";

/** The index of an account or a group. */
export type AccountId = number;

export type Account = Pick<PasswdEntry, "name" | "uid" | "gid">;
export type Group = Pick<GroupEntry, "name" | "gid">;

export interface Accounts {
  users: readonly Account[];
  groups: readonly Group[];
  /** `foldCase`: letter case does not matter. */
  findByName(name: string, foldCase: boolean): readonly AccountId[];
  findByUid(uid: number): readonly AccountId[];
  /** The groups with that name or, for `#27`, with that id. */
  findGroups(name: string, foldCase: boolean): readonly number[];
  membersOf(group: number): readonly AccountId[];
  /** The primary group first, the others by name. */
  groupsOf(user: AccountId): readonly number[];
}

/**
 * `entries`, `lines`: all lines of the files. As in getpwnam(3), the first one with a name counts, and of
 * groups with the same id, the first one names the group.
 */
export function indexAccounts(entries: Iterable<Account>, lines: Iterable<GroupEntry>): Accounts {
  const users: Account[] = [];
  const usersByName = indexByName(users);
  const usersByUid = openNumberIndex((id) => users[id]?.uid ?? 0);
  for (const { name, uid, gid } of entries) {
    if (usersByName.find(name, false).length > 0) continue;
    users.push({ name, uid, gid });
    usersByName.add();
    usersByUid.add();
  }

  const groups: Group[] = [];
  const groupsByName = indexByName(groups);
  const groupsByGid = openNumberIndex((group) => groups[group]?.gid ?? 0);
  const members: (AccountId | AccountId[] | undefined)[] = [];
  for (const { name, gid, members: names } of lines) {
    let [group] = groupsByGid.find(gid);
    if (group === undefined) {
      group = groups.push({ name, gid }) - 1;
      groupsByName.add();
      groupsByGid.add();
      members.push(undefined);
    }
    for (const member of names) {
      const [id] = usersByName.find(member, false);
      if (id !== undefined) members[group] = withOne(members[group], id);
    }
  }

  const groupsOf: (number | number[] | undefined)[] = users.map(({ gid }, id) => {
    const [primary] = groupsByGid.find(gid);
    if (primary !== undefined) members[primary] = withOne(members[primary], id);
    return primary;
  });
  const nameAt = (group: number) => groups[group]?.name ?? "";
  const byName = [...groups.keys()].sort((left, right) => (nameAt(left) < nameAt(right) ? -1 : 1));
  for (const group of byName) {
    if (Array.isArray(members[group])) members[group] = [...new Set(members[group])];
    for (const id of allOf(members[group]))
      if (users[id]?.gid !== groups[group]?.gid) groupsOf[id] = withOne(groupsOf[id], group);
  }
  return {
    users,
    groups,
    findByName: usersByName.find,
    findByUid: usersByUid.find,
    findGroups(name, foldCase) {
      const gid = parseSudoId(name);
      const found = gid === undefined ? [] : groupsByGid.find(gid);
      return found.length > 0 ? found : groupsByName.find(name, foldCase);
    },
    membersOf: (group) => allOf(members[group]),
    groupsOf: (user) => allOf(groupsOf[user]),
  };
}

/** `#1000`; undefined for a name. The highest id means "none" to the kernel. */
export function parseSudoId(name: string): number | undefined {
  if (!/^#-?\d{1,10}$/.test(name)) return undefined;
  const id = Number(name.slice(1));
  const unsigned = id < 0 ? id + 2 ** 32 : id;
  return unsigned >= 0 && unsigned < 2 ** 32 - 1 && id > -(2 ** 31) ? unsigned : undefined;
}

/** Without case, as strcasecmp(3) does in the C locale. */
export function foldName(name: string): string {
  const isAscii = /^[\0-\x7f]*$/.test(name);
  return isAscii ? name.toLowerCase() : name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function indexByName(entries: readonly { name: string }[]) {
  const index = openNumberIndex((nth) => foldName(entries[nth]?.name ?? ""));
  return {
    add: index.add,
    find(name: string, foldCase: boolean): readonly number[] {
      const found = index.find(foldName(name));
      return foldCase ? found : found.filter((nth) => entries[nth]?.name === name);
    },
  };
}

/** A host may have many accounts, and almost each list has only one of them: so that is no list. */
function withOne(known: number | number[] | undefined, added: number): number | number[] {
  if (known === undefined) return added;
  if (typeof known === "number") return [known, added];
  known.push(added);
  return known;
}

function allOf(known: number | number[] | undefined): readonly number[] {
  return typeof known === "number" ? [known] : (known ?? []);
}
