// The private CA's roots in SQL.
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { dialectOf } from "../db/dialect.ts";
import { countUpTo } from "../db/keyset.ts";
import type { CertificateAuthorityTable, Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";

/** Locks the table until the transaction ends, so that only one server at a time creates a root. */
export async function lockAuthorities(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await sql`lock table certificate_authority in exclusive mode`.execute(tx);
}

/** Lists the roots that are not retired, the newest first. */
export async function listAuthorities(db: Database, now: number): Promise<CertificateAuthorityTable[]> {
  return await db
    .selectFrom("certificateAuthority")
    .selectAll()
    .where((eb) => eb.or([eb("retiresAt", "is", null), eb("retiresAt", ">", now)]))
    .orderBy("createdAt", "desc")
    .orderBy("id", "desc")
    .execute();
}

export async function insertAuthority(tx: Database, authority: CertificateAuthorityTable): Promise<void> {
  await tx.insertInto("certificateAuthority").values(authority).execute();
}

export async function setRetirement(tx: Database, ids: readonly string[], retiresAt: number): Promise<void> {
  if (ids.length === 0) return;
  await forSomeValues(ids, (some) =>
    tx.updateTable("certificateAuthority").set({ retiresAt }).where("id", "in", some).execute(),
  );
}

/** Counts the existing sensors that were not seen since, up to `most`. */
export async function countSensorsNotSeenSince(db: Database, since: number, most: number): Promise<number> {
  const unseen = db
    .selectFrom("sensorPresence")
    // A cross join, because SQLite does not reorder it.
    .crossJoin("sensor")
    .whereRef("sensor.id", "=", "sensorPresence.sensorId")
    .where("sensor.deletedAt", "is", null)
    .where("sensor.uninstalledAt", "is", null)
    .where("sensor.removedAt", "is", null)
    .where("sensor.replacedAt", "is", null)
    .where("sensorPresence.lastSeenAt", "<", since);
  return await inSnapshot(db, (tx) => countUpTo(tx, unseen, most));
}
