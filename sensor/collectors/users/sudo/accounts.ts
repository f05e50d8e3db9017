// The accounts and groups of the host, as sudo and doas look them up: names, ids, and who is in which group.
import type { GroupEntry, PasswdEntry } from "../passwd.ts";

/** The index of an account or a group. */
export type AccountId = number;

export interface Accounts {
  users: readonly PasswdEntry[];
  groups: readonly GroupEntry[];
  /** `foldCase`: letter case does not matter. */
  findByName(name: string, foldCase: boolean): readonly AccountId[];
  findByUid(uid: number): readonly AccountId[];
  /** The groups with that name or, for `#27`, with that id. */
  findGroups(name: string, foldCase: boolean): readonly number[];
  membersOf(group: number): readonly AccountId[];
  /** The primary group first, the others by name. */
  groupsOf(user: AccountId): readonly number[];
}

/** `groups`: all lines of the group file. Of lines with the same id, the first one names the group. */
export function indexAccounts(users: readonly PasswdEntry[], lines: readonly GroupEntry[]): Accounts {
  const usersByName = indexByName(users);
  const usersByUid = indexBy(users, ({ uid }) => uid);
  const groups: GroupEntry[] = [];
  const byGid = new Map<number, number>();
  const members: (AccountId | AccountId[] | undefined)[] = [];
  for (const line of lines) {
    let group = byGid.get(line.gid);
    if (group === undefined) {
      group = groups.push(line) - 1;
      byGid.set(line.gid, group);
      members.push(undefined);
    }
    for (const member of line.members) {
      const id = usersByName(member, false).at(-1);
      if (id !== undefined) members[group] = withOne(members[group], id);
    }
  }
  const groupsOf: (number | number[] | undefined)[] = users.map(({ gid }, id) => {
    const primary = byGid.get(gid);
    if (primary !== undefined) members[primary] = withOne(members[primary], id);
    return primary;
  });
  const nameAt = (group: number) => groups[group]?.name ?? "";
  const byName = [...groups.keys()].sort((left, right) => (nameAt(left) < nameAt(right) ? -1 : 1));
  for (const group of byName) {
    if (Array.isArray(members[group])) members[group] = [...new Set(members[group])];
    for (const id of allOf(members[group]))
      if (byGid.get(users[id]?.gid ?? -1) !== group) groupsOf[id] = withOne(groupsOf[id], group);
  }
  const groupsByName = indexByName(groups);
  return {
    users,
    groups,
    findByName: usersByName,
    findByUid: usersByUid,
    findGroups(name, foldCase) {
      const gid = parseSudoId(name);
      const group = gid === undefined ? undefined : byGid.get(gid);
      return group === undefined ? groupsByName(name, foldCase) : [group];
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

type FindByName = (name: string, foldCase: boolean) => readonly number[];

function indexByName(entries: readonly { name: string }[]): FindByName {
  const byFolded = indexBy(entries, ({ name }) => foldName(name));
  return (name, foldCase) => {
    const found = byFolded(foldName(name));
    return foldCase ? found : found.filter((id) => entries[id]?.name === name);
  };
}

function indexBy<T, K>(entries: readonly T[], keyOf: (entry: T) => K): (key: K) => readonly number[] {
  const index = new Map<K, number | number[]>();
  entries.forEach((entry, id) => {
    const key = keyOf(entry);
    index.set(key, withOne(index.get(key), id));
  });
  return (key) => allOf(index.get(key));
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
