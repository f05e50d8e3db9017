// Users in SQL, and the setting with the set-up code.
import { lockRows } from "../db/dialect.ts";
import type { Database, UserTable } from "../db/schema.ts";

export async function findUser(db: Database, id: string): Promise<UserTable | undefined> {
  return await db.selectFrom("user").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function hasUsers(db: Database): Promise<boolean> {
  return (await db.selectFrom("user").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Inserts a user with a password. `passwordHash`: Argon2id in PHC string format. */
export async function insertUser(
  tx: Database,
  user: UserTable,
  passwordHash: string,
  accountId: string,
): Promise<void> {
  await tx.insertInto("user").values(user).execute();
  await tx
    .insertInto("account")
    .values({
      id: accountId,
      accountId: user.id,
      providerId: "credential",
      userId: user.id,
      accessToken: null,
      refreshToken: null,
      idToken: null,
      accessTokenExpiresAt: null,
      refreshTokenExpiresAt: null,
      scope: null,
      password: passwordHash,
      createdAt: user.createdAt,
      updatedAt: user.updatedAt,
    })
    .execute();
}

export async function updateLastSignIn(db: Database, id: string, lastSignInAt: number): Promise<void> {
  await db.updateTable("user").set({ lastSignInAt }).where("id", "=", id).execute();
}

export async function deleteSessions(db: Database, userId: string): Promise<void> {
  await db.deleteFrom("session").where("userId", "=", userId).execute();
}

export async function deleteSession(db: Database, id: string): Promise<void> {
  await db.deleteFrom("session").where("id", "=", id).execute();
}

const SETUP_CODE = "setup-code-hash";

export async function replaceSetupCode(db: Database, codeHash: string): Promise<void> {
  await db
    .insertInto("setting")
    .values({ name: SETUP_CODE, value: codeHash })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: codeHash }))
    .execute();
}

/** Returns the hash of the valid code. */
export async function findSetupCode(db: Database): Promise<string | undefined> {
  const query = db.selectFrom("setting").select("value").where("name", "=", SETUP_CODE);
  return (await query.executeTakeFirst())?.value;
}

/** Returns the hash of the valid code, and locks its row until the transaction ends. */
export async function lockSetupCode(tx: Database): Promise<string | undefined> {
  const query = tx.selectFrom("setting").select("value").where("name", "=", SETUP_CODE);
  return (await lockRows(tx, query).executeTakeFirst())?.value;
}

export async function deleteSetupCode(tx: Database): Promise<void> {
  await tx.deleteFrom("setting").where("name", "=", SETUP_CODE).execute();
}
