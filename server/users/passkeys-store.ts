// Passkeys in SQL, and the challenges that were used.
import type { Database } from "../db/schema.ts";
import type { PasskeyTable } from "../db/schema-accounts.ts";

/** Of one user. */
export const MAX_PASSKEYS = 50;

export async function listPasskeysOf(db: Database, userId: string): Promise<PasskeyTable[]> {
  return await db
    .selectFrom("passkey")
    .selectAll()
    .where("userId", "=", userId)
    .orderBy("createdAt")
    .limit(MAX_PASSKEYS)
    .execute();
}

export async function findPasskey(db: Database, credentialId: string): Promise<PasskeyTable | undefined> {
  return await db
    .selectFrom("passkey")
    .selectAll()
    .where("credentialId", "=", credentialId)
    .executeTakeFirst();
}

export async function insertPasskey(tx: Database, passkey: PasskeyTable): Promise<void> {
  await tx.insertInto("passkey").values(passkey).execute();
}

export async function updatePasskeyUse(
  tx: Database,
  id: string,
  use: Pick<PasskeyTable, "counter" | "lastUsedAt">,
): Promise<void> {
  await tx.updateTable("passkey").set(use).where("id", "=", id).execute();
}

/** Returns the deleted passkey, or undefined if the user has no such passkey. */
export async function deletePasskeyOf(
  tx: Database,
  userId: string,
  id: string,
): Promise<PasskeyTable | undefined> {
  return await tx
    .deleteFrom("passkey")
    .where("userId", "=", userId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
}

/** Throws a duplicate if the challenge was used. Forgets those whose time is over. */
export async function markChallengeUsed(
  tx: Database,
  challenge: string,
  { now, expiresAt }: { now: number; expiresAt: number },
): Promise<void> {
  await tx.deleteFrom("verification").where("expiresAt", "<", now).execute();
  const row = { id: challenge, identifier: "passkey", value: "used", expiresAt };
  await tx
    .insertInto("verification")
    .values({ ...row, createdAt: now, updatedAt: now })
    .execute();
}
