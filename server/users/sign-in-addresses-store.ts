// Addresses of earlier sign-ins, in SQL.
import type { Database } from "../db/schema.ts";

/** Lists the latest `limit` addresses with a sign-in since. */
export async function listSignInAddresses(db: Database, since: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom("signInAddress")
    .select("address")
    .where("signedInAt", ">", since)
    .orderBy("signedInAt", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ address }) => address);
}

export async function upsertSignInAddress(tx: Database, address: string, signedInAt: number): Promise<void> {
  await tx
    .insertInto("signInAddress")
    .values({ address, signedInAt })
    .onConflict((conflict) => conflict.column("address").doUpdateSet({ signedInAt }))
    .execute();
}

/** Deletes the addresses without a sign-in since, and the oldest ones beyond `limit`. */
export async function pruneSignInAddresses(tx: Database, since: number, limit: number): Promise<void> {
  const beyond = await tx
    .selectFrom("signInAddress")
    .select("signedInAt")
    .orderBy("signedInAt", "desc")
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  const oldest = Math.max(since, beyond?.signedInAt ?? 0);
  await tx.deleteFrom("signInAddress").where("signedInAt", "<=", oldest).execute();
}
