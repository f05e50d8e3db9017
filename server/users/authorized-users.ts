// Checks again whether callers are authorized as at their request, for replies that take minutes.
import { findKeyRoles } from "../api-keys/api-keys.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { listActiveUsers, listSessionIds } from "./users-store.ts";

/** Returns those whose session or API key was not ended, and gives the same role. */
export async function listAuthorized(db: Database, now: number, callers: User[]): Promise<Set<User>> {
  const idsOf = (id: (caller: User) => string | undefined) => [
    ...new Set(callers.map(id).filter((one) => one !== undefined)),
  ];
  const users = new Map(
    (
      await listActiveUsers(
        db,
        idsOf(({ id }) => id),
      )
    ).map(({ id, role }) => [id, role]),
  );
  const sessions = new Set(
    await listSessionIds(
      db,
      idsOf(({ session }) => session?.id),
    ),
  );
  const keys = await findKeyRoles(
    db,
    now,
    idsOf(({ apiKey }) => apiKey?.id),
  );
  return new Set(
    callers.filter(({ id, role, apiKey, session }) => {
      if (apiKey) return keys.get(apiKey.id) === role;
      return users.get(id) === role && (session === undefined || sessions.has(session.id));
    }),
  );
}
