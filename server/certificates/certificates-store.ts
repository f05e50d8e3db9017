// The private CA's roots in SQL.
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { dialectOf } from "../db/dialect.ts";
import type { CertificateAuthorityTable, Database } from "../db/schema.ts";

/** One server at a time decides whether there is a root, until its transaction ends. */
export async function lockAuthorities(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await sql`lock table certificate_authority in exclusive mode`.execute(tx);
}

/** Those that have not retired, the newest first. */
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

/** Sensors that exist and were last seen before. */
export async function countSensorsNotSeenSince(db: Database, since: number): Promise<number> {
  const row = await db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .select((eb) => eb.fn.countAll().as("count"))
    .where("sensor.deletedAt", "is", null)
    .where("sensor.uninstalledAt", "is", null)
    .where("sensor.removedAt", "is", null)
    .where("sensor.replacedAt", "is", null)
    .where("sensorPresence.lastSeenAt", "<", since)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
