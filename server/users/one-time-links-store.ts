// One-time links in SQL.
import type { LinkPurpose } from "@attacklens/protocol/one-time-links.ts";
import type { Database, OneTimeLinkTable } from "../db/schema.ts";

export async function insertLink(tx: Database, link: OneTimeLinkTable): Promise<void> {
  await tx.insertInto("oneTimeLink").values(link).execute();
}

/** Returns the link with its user, and the name of the user who created it. */
export async function findLinkByHash(db: Database, valueHash: string) {
  return await db
    .selectFrom("oneTimeLink")
    .innerJoin("user", "user.id", "oneTimeLink.userId")
    .leftJoin("user as maker", "maker.id", "oneTimeLink.createdBy")
    .select([
      "oneTimeLink.id",
      "oneTimeLink.purpose",
      "oneTimeLink.valueHash",
      "oneTimeLink.expiresAt",
      "oneTimeLink.usedAt",
      "oneTimeLink.withdrawnAt",
      "user.id as userId",
      "user.name",
      "user.email",
      "user.role",
      "user.status",
      "maker.name as createdBy",
    ])
    .where("oneTimeLink.valueHash", "=", valueHash)
    .executeTakeFirst();
}

export type LinkRow = NonNullable<Awaited<ReturnType<typeof findLinkByHash>>>;

export async function markLinkUsed(tx: Database, id: string, usedAt: number): Promise<void> {
  await tx.updateTable("oneTimeLink").set({ usedAt }).where("id", "=", id).execute();
}

/** Withdraws the links of a user that could still be used. Returns their number. */
export async function withdrawLinks(
  tx: Database,
  userId: string,
  withdrawnAt: number,
  purpose?: LinkPurpose,
): Promise<number> {
  let query = tx
    .updateTable("oneTimeLink")
    .set({ withdrawnAt })
    .where("userId", "=", userId)
    .where("usedAt", "is", null)
    .where("withdrawnAt", "is", null);
  if (purpose) query = query.where("purpose", "=", purpose);
  return Number((await query.executeTakeFirst()).numUpdatedRows);
}

export async function deleteLinksExpiredBefore(tx: Database, before: number): Promise<void> {
  await tx.deleteFrom("oneTimeLink").where("expiresAt", "<", before).execute();
}
