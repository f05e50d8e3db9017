// The accounts and groups of the host, as sudo and doas look them up: names, ids, and who is in which group.
import { openNameList, openNumberList } from "../../compact-lists.ts";
import { openNumberIndex } from "../../number-index.ts";
import { openMemberships } from "../memberships.ts";
import type { GroupEntry, PasswdEntry } from "../passwd.ts";

/** The index of an account or a group. */
export type AccountId = number;

export type Account = Pick<PasswdEntry, "name" | "uid" | "gid">;
export type Group = Pick<GroupEntry, "name" | "gid">;

export interface Accounts {
  userCount: number;
  /** Undefined beyond the end. */
  findUser(id: AccountId): Account | undefined;
  findGroup(group: number): Group | undefined;
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
  const names = openNameIndex();
  const uids = openNumberList();
  const gids = openNumberList();
  const usersByUid = openNumberIndex((id) => uids.find(id) ?? 0);
  for (const { name, uid, gid } of entries) {
    if (names.find(name, false).length > 0) continue;
    names.add(name);
    uids.add(uid);
    gids.add(gid);
    usersByUid.add();
  }

  const groupNames = openNameIndex();
  const groupIds = openNumberList();
  const groupsByGid = openNumberIndex((group) => groupIds.find(group) ?? 0);
  const memberships = openMemberships();
  for (const { name, gid, members } of lines) {
    let [group] = groupsByGid.find(gid);
    if (group === undefined) {
      group = groupIds.count();
      groupNames.add(name);
      groupIds.add(gid);
      groupsByGid.add();
    }
    for (const member of members) {
      const [id] = names.find(member, false);
      if (id !== undefined) memberships.add(group, id);
    }
  }
  const primaryOf = (id: AccountId) => groupsByGid.find(gids.find(id) ?? -1)[0];
  for (let id = 0; id < names.count(); id += 1) {
    const primary = primaryOf(id);
    if (primary !== undefined) memberships.add(primary, id);
  }
  const { usersOf, groupsOf } = memberships.close(orderOf(groupNames), names.count());

  return {
    userCount: names.count(),
    findUser(id) {
      const name = names.at(id);
      return name === undefined ? undefined : { name, uid: uids.find(id) ?? 0, gid: gids.find(id) ?? 0 };
    },
    findGroup(group) {
      const name = groupNames.at(group);
      return name === undefined ? undefined : { name, gid: groupIds.find(group) ?? 0 };
    },
    findByName: names.find,
    findByUid: usersByUid.find,
    findGroups(name, foldCase) {
      const gid = parseSudoId(name);
      const found = gid === undefined ? [] : groupsByGid.find(gid);
      return found.length > 0 ? found : groupNames.find(name, foldCase);
    },
    membersOf: usersOf,
    groupsOf(user) {
      const primary = primaryOf(user);
      const all = groupsOf(user);
      if (all.length <= 1) return all;
      return primary === undefined ? all : [primary, ...all.filter((group) => group !== primary)];
    },
  };
}

/** All groups, sorted by name. */
function orderOf({ at, count }: ReturnType<typeof openNameIndex>): Uint32Array {
  const names = Array.from({ length: count() }, (_, group) => at(group) ?? "");
  return Uint32Array.from(names.keys()).sort((left, right) =>
    (names[left] as string) < (names[right] as string) ? -1 : 1,
  );
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
  if (/^[a-z0-9_.-]*$/.test(name)) return name;
  const isAscii = /^[\0-\x7f]*$/.test(name);
  return isAscii ? name.toLowerCase() : name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function openNameIndex() {
  const names = openNameList();
  const index = openNumberIndex((nth) => foldName(names.find(nth) ?? ""));
  return {
    count: names.count,
    at: names.find,
    add(name: string): void {
      names.add(name);
      index.add();
    },
    find(name: string, foldCase: boolean): readonly number[] {
      const found = index.find(foldName(name));
      return foldCase || found.length === 0 ? found : found.filter((nth) => names.find(nth) === name);
    },
  };
}
