// Lists users for a Super Admin.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { User as WireUser } from "@attacklens/protocol/users.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { countActiveUsers, findListedUser, pageOfUsers, type UserPage } from "./user-list-store.ts";
import { HIGHEST_ROLE, presentUser } from "./user-rules.ts";

export async function listUsers(db: Database, now: number, user: User, query: UserPage) {
  const { rows, ...page } = await pageOfUsers(db, now, query);
  const superAdmins = await countActiveUsers(db, HIGHEST_ROLE);
  return { items: rows.map((row) => presentUser(row, user, superAdmins)), ...page };
}

/** Throws not-found. */
export async function getUser(db: Database, now: number, user: User, id: string): Promise<WireUser> {
  const row = await findListedUser(db, now, id);
  if (!row) throw new Problem("not-found", `There is no user ${id}`);
  return presentUser(row, user, await countActiveUsers(db, HIGHEST_ROLE));
}
