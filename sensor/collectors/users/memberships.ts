// Who is in which group, with some bytes for each pair.
import { openPairs } from "../compact-lists.ts";

export interface Memberships {
  usersOf(group: number): number[];
  /** In the order in which the groups were given to `close`. */
  groupsOf(user: number): number[];
}

export function openMemberships() {
  const members = openPairs();
  return {
    add: members.add,
    /** `order`: all groups. */
    close(order: Uint32Array, userCount: number): Memberships {
      const usersOf = members.close(order.length);
      const memberships = openPairs();
      for (const group of order) for (const user of usersOf(group)) memberships.add(user, group);
      return { usersOf, groupsOf: memberships.close(userCount) };
    },
  };
}
