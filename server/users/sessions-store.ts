// Sessions in SQL. auth-store.ts creates and prolongs them.
import type { Database } from "../db/schema.ts";
import type { SessionTable } from "../db/schema-accounts.ts";
import { type Place, statement } from "../db/statement.ts";

/** Returns the user of a session together with the times of the session. */
const sessionUser = statement((db, place: Place<{ id: string }>) =>
  db
    .selectFrom("session")
    .innerJoin("user", "user.id", "session.userId")
    .select(["user.id", "user.name", "user.email", "user.role", "user.status"])
    .select(["session.createdAt", "session.confirmedAt", "session.lastUsedAt"])
    .select((eb) => [
      eb
        .or([
          eb.exists(
            eb
              .selectFrom("authenticatorApp")
              .select("userId")
              .whereRef("authenticatorApp.userId", "=", "user.id")
              .where("confirmedAt", "is not", null),
          ),
          eb.exists(eb.selectFrom("passkey").select("id").whereRef("passkey.userId", "=", "user.id")),
        ])
        .as("hasSecondFactor"),
    ])
    .where("session.id", "=", place("id"))
    .compile(),
);

export async function findSessionUser(db: Database, id: string) {
  return (await sessionUser(db, { id }))[0];
}

export async function updateSessionUse(
  db: Database,
  id: string,
  lastUsedAt: number,
  lastUsedAddress: string,
): Promise<void> {
  await db.updateTable("session").set({ lastUsedAt, lastUsedAddress }).where("id", "=", id).execute();
}

export async function confirmSession(db: Database, id: string, confirmedAt: number): Promise<void> {
  await db.updateTable("session").set({ confirmedAt }).where("id", "=", id).execute();
}

/** Returns at most this number of sessions that end after `now` and started after `startedAfter`. */
const MAX_SESSIONS = 200;

export async function listSessionsOf(
  db: Database,
  userId: string,
  { now, startedAfter }: { now: number; startedAfter: number },
): Promise<SessionTable[]> {
  return await db
    .selectFrom("session")
    .selectAll()
    .where("userId", "=", userId)
    .where("expiresAt", ">", now)
    .where("createdAt", ">", startedAfter)
    .orderBy("createdAt", "desc")
    .limit(MAX_SESSIONS)
    .execute();
}

export async function deleteSession(db: Database, id: string): Promise<void> {
  await db.deleteFrom("session").where("id", "=", id).execute();
}

/** Returns the deleted session, or undefined if the user has no such session. */
export async function deleteSessionOf(
  db: Database,
  userId: string,
  id: string,
): Promise<SessionTable | undefined> {
  return await db
    .deleteFrom("session")
    .where("userId", "=", userId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
}

/** Deletes the sessions of a user, except one if given. Returns their number. */
export async function deleteSessionsOf(db: Database, userId: string, exceptId?: string): Promise<number> {
  let query = db.deleteFrom("session").where("userId", "=", userId);
  if (exceptId !== undefined) query = query.where("id", "<>", exceptId);
  return Number((await query.executeTakeFirstOrThrow()).numDeletedRows);
}
