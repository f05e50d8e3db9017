// Second factors in SQL.

import { forSomeRows } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { AuthenticatorAppTable } from "../db/schema-accounts.ts";

export async function findAuthenticatorApp(
  db: Database,
  userId: string,
): Promise<AuthenticatorAppTable | undefined> {
  return await db.selectFrom("authenticatorApp").selectAll().where("userId", "=", userId).executeTakeFirst();
}

/** Locks the user's row, so that simultaneous changes of their factors wait for each other. */
export async function lockFactorsOf(tx: Database, userId: string): Promise<void> {
  const row = tx.selectFrom("user").select("id").where("id", "=", userId);
  await lockRows(tx, row).executeTakeFirst();
}

/** Replaces an app whose set-up is not complete. */
export async function putUnconfirmedApp(tx: Database, app: AuthenticatorAppTable): Promise<void> {
  await tx.deleteFrom("authenticatorApp").where("userId", "=", app.userId).execute();
  await tx.insertInto("authenticatorApp").values(app).execute();
}

export async function confirmApp(tx: Database, userId: string, at: number): Promise<void> {
  await tx.updateTable("authenticatorApp").set({ confirmedAt: at }).where("userId", "=", userId).execute();
}

/** Returns false if a code of this step or a later one was accepted before. */
export async function useTotpStep(db: Database, userId: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("authenticatorApp")
    .set({ lastStep: step })
    .where("userId", "=", userId)
    .where("lastStep", "<", step)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

export async function deleteApp(tx: Database, userId: string): Promise<void> {
  await tx.deleteFrom("authenticatorApp").where("userId", "=", userId).execute();
}

export async function replaceCodeHashes(tx: Database, userId: string, hashes: string[]): Promise<void> {
  await tx.deleteFrom("recoveryCode").where("userId", "=", userId).execute();
  const rows = hashes.map((codeHash) => ({ userId, codeHash, usedAt: null }));
  await forSomeRows(rows, (some) => tx.insertInto("recoveryCode").values(some).execute());
}

/** Returns false if the user has no such unused code. */
export async function useCodeHash(
  db: Database,
  userId: string,
  codeHash: string,
  usedAt: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("recoveryCode")
    .set({ usedAt })
    .where("userId", "=", userId)
    .where("codeHash", "=", codeHash)
    .where("usedAt", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

export async function countUnusedCodes(db: Database, userId: string): Promise<number> {
  const row = await db
    .selectFrom("recoveryCode")
    .select((eb) => eb.fn.countAll().as("count"))
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function deletePasskeysOf(tx: Database, userId: string): Promise<number> {
  const result = await tx.deleteFrom("passkey").where("userId", "=", userId).executeTakeFirstOrThrow();
  return Number(result.numDeletedRows);
}
