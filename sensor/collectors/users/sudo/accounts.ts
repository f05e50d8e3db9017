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
  const names = new Map(users.map(({ name }, id) => [name, id]));
  const groups: GroupEntry[] = [];
  const byGid = new Map<number, number>();
  const members: Set<AccountId>[] = [];
  const groupsOf: Set<number>[] = users.map(() => new Set());
  for (const line of lines) {
    let group = byGid.get(line.gid);
    if (group === undefined) {
      group = groups.push(line) - 1;
      byGid.set(line.gid, group);
      members.push(new Set());
    }
    for (const member of line.members) {
      const id = names.get(member);
      if (id !== undefined) members[group]?.add(id);
    }
  }
  users.forEach(({ gid }, id) => {
    const primary = byGid.get(gid);
    if (primary === undefined) return;
    groupsOf[id]?.add(primary);
    members[primary]?.add(id);
  });
  const nameAt = (group: number) => groups[group]?.name ?? "";
  const byName = [...groups.keys()].sort((left, right) => (nameAt(left) < nameAt(right) ? -1 : 1));
  for (const group of byName) for (const id of members[group] ?? []) groupsOf[id]?.add(group);
  const usersByName = indexBy(users, ({ name }) => name);
  const usersByFolded = indexBy(users, ({ name }) => foldName(name));
  const usersByUid = indexBy(users, ({ uid }) => uid);
  const groupsByName = indexBy(groups, ({ name }) => name);
  const groupsByFolded = indexBy(groups, ({ name }) => foldName(name));
  return {
    users,
    groups,
    findByName: (name, foldCase) =>
      (foldCase ? usersByFolded.get(foldName(name)) : usersByName.get(name)) ?? [],
    findByUid: (uid) => usersByUid.get(uid) ?? [],
    findGroups(name, foldCase) {
      const gid = parseSudoId(name);
      const group = gid === undefined ? undefined : byGid.get(gid);
      if (group !== undefined) return [group];
      return (foldCase ? groupsByFolded.get(foldName(name)) : groupsByName.get(name)) ?? [];
    },
    membersOf: (group) => [...(members[group] ?? [])],
    groupsOf: (user) => [...(groupsOf[user] ?? [])],
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

function indexBy<T, K>(entries: readonly T[], keyOf: (entry: T) => K): Map<K, number[]> {
  const index = new Map<K, number[]>();
  entries.forEach((entry, id) => {
    const key = keyOf(entry);
    const known = index.get(key);
    if (known) known.push(id);
    else index.set(key, [id]);
  });
  return index;
}
