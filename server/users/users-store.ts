// Users in SQL, and the setting with the set-up code.
import { isAmong, lockRows } from "../db/dialect.ts";
import type { Database, UserTable } from "../db/schema.ts";
import { nameKey } from "../ids.ts";

export async function findUser(db: Database, id: string): Promise<UserTable | undefined> {
  return await db.selectFrom("user").selectAll().where("id", "=", id).executeTakeFirst();
}

/** `email`: lower case. */
export async function findUserByEmail(db: Database, email: string): Promise<UserTable | undefined> {
  return await db.selectFrom("user").selectAll().where("email", "=", email).executeTakeFirst();
}

const USER_CHANGES = "user-changes";

/**
 * Locks the changes of users until the transaction ends, on all servers. So two Super Admins cannot remove
 * each other at the same time, and a link is used once.
 */
export async function lockUserChanges(tx: Database): Promise<void> {
  const row = tx.selectFrom("setting").select("value").where("name", "=", USER_CHANGES);
  await lockRows(tx, row).executeTakeFirstOrThrow();
}

/** Returns those of the users who are active. */
export async function listActiveUsers(
  db: Database,
  ids: readonly string[],
): Promise<{ id: string; role: string }[]> {
  return await db
    .selectFrom("user")
    .select(["id", "role"])
    .where("status", "=", "active")
    .where(isAmong(db, "id", JSON.stringify(ids)))
    .execute();
}

/** Returns those of the sessions that no one has ended. */
export async function listSessionIds(db: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom("session")
    .select("id")
    .where(isAmong(db, "id", JSON.stringify(ids)))
    .execute();
  return rows.map(({ id }) => id);
}

export async function hasUsers(db: Database): Promise<boolean> {
  return (await db.selectFrom("user").select("id").limit(1).executeTakeFirst()) !== undefined;
}

export async function insertUser(tx: Database, user: UserTable): Promise<void> {
  await tx.insertInto("user").values(user).execute();
}

/** Sets the password of a user. `passwordHash`: Argon2id in PHC string format. */
export async function setPasswordHash(
  tx: Database,
  userId: string,
  passwordHash: string,
  at: number,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("account")
    .set({ password: passwordHash, updatedAt: at })
    .where("userId", "=", userId)
    .where("providerId", "=", "credential")
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  await tx
    .insertInto("account")
    .values({
      id: Bun.randomUUIDv7(),
      accountId: userId,
      providerId: "credential",
      userId,
      accessToken: null,
      refreshToken: null,
      idToken: null,
      accessTokenExpiresAt: null,
      refreshTokenExpiresAt: null,
      scope: null,
      password: passwordHash,
      createdAt: at,
      updatedAt: at,
    })
    .execute();
}

/** A deleted user has no password. */
export async function deletePasswordHash(tx: Database, userId: string): Promise<void> {
  await tx.deleteFrom("account").where("userId", "=", userId).execute();
}

export async function updateLastSignIn(db: Database, id: string, lastSignInAt: number): Promise<void> {
  await db.updateTable("user").set({ lastSignInAt }).where("id", "=", id).execute();
}

/** Returns the user with the email and the hash of their password. */
export async function findCredential(
  db: Database,
  email: string,
): Promise<{ userId: string; hash: string } | undefined> {
  const row = await db
    .selectFrom("user")
    .innerJoin("account", "account.userId", "user.id")
    .select(["user.id as userId", "account.password as hash"])
    .where("user.email", "=", email)
    .where("account.providerId", "=", "credential")
    .executeTakeFirst();
  return row && row.hash !== null ? { userId: row.userId, hash: row.hash } : undefined;
}

export async function findPasswordHash(db: Database, userId: string): Promise<string | undefined> {
  const query = db.selectFrom("account").select("password").where("userId", "=", userId);
  const row = await query.where("providerId", "=", "credential").executeTakeFirst();
  return row?.password ?? undefined;
}

/** The same, and locks it: a change of the password waits, or has ended. */
export async function lockPasswordHash(tx: Database, userId: string): Promise<string | undefined> {
  const query = tx.selectFrom("account").select("password").where("userId", "=", userId);
  const row = await lockRows(tx, query.where("providerId", "=", "credential")).executeTakeFirst();
  return row?.password ?? undefined;
}

export async function updateUserName(tx: Database, id: string, name: string, at: number): Promise<void> {
  await tx
    .updateTable("user")
    .set({ name, nameKey: nameKey(name), updatedAt: at })
    .where("id", "=", id)
    .execute();
}

const SETUP_CODE = "setup-code";

/** Stores the sealed code unless there is one. */
export async function addSetupCode(db: Database, sealed: string): Promise<void> {
  await db
    .insertInto("setting")
    .values({ name: SETUP_CODE, value: sealed })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
}

/** Returns the sealed code. */
export async function findSetupCode(db: Database): Promise<string | undefined> {
  const query = db.selectFrom("setting").select("value").where("name", "=", SETUP_CODE);
  return (await query.executeTakeFirst())?.value;
}

/** Returns the sealed code, and locks its row until the transaction ends. */
export async function lockSetupCode(tx: Database): Promise<string | undefined> {
  const query = tx.selectFrom("setting").select("value").where("name", "=", SETUP_CODE);
  return (await lockRows(tx, query).executeTakeFirst())?.value;
}

export async function deleteSetupCode(tx: Database): Promise<void> {
  await tx.deleteFrom("setting").where("name", "=", SETUP_CODE).execute();
}
