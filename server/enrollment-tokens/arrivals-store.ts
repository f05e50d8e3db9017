// The sensors that enrolled with a token since an instant, in SQL. Every query reads only those sensors, by
// an index of their times.
import { ARRIVAL_STATES, type ArrivalState } from "@attacklens/protocol/arrivals.ts";
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { byNumber, keysetPage } from "../db/keyset.ts";
import { standingOf } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { HAS_UNDECIDED } from "../db/undecided-matches.ts";

export interface ArrivalPage {
  tokenId: string;
  since: number;
  cursor?: string | undefined;
  limit: number;
}

/** Returns a page of the sensors, deleted ones included, newest first. */
export async function pageOfArrivals(db: Database, { tokenId, since, ...page }: ArrivalPage) {
  return await keysetPage(
    db,
    {
      ...page,
      sort: byNumber(sql<number>`sensor.enrolled_at`),
      sortName: "enrolledAt",
      order: "desc",
      id: sql<string>`sensor.id`,
    },
    (tx) => ({ query: arrivals(tx, tokenId, since), isWalked: true }),
    (tx, some) =>
      tx
        .selectFrom("sensor")
        .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
        .leftJoin("sensor as original", "original.id", "sensor.clonedFrom")
        .select([
          "sensor.id",
          "sensor.hostname",
          "sensor.standing",
          "sensor.enrolledAt",
          "sensor.reportedAt",
          "sensorPresence.address",
          "sensor.clonedFrom",
          "original.hostname as originalHostname",
          "original.deletedAt as originalDeletedAt",
          HAS_UNDECIDED,
        ])
        .where("sensor.id", "in", some)
        .execute(),
  );
}

function arrivals(tx: Database, tokenId: string, since: number) {
  return tx
    .selectFrom("sensor")
    .where("sensor.enrollmentTokenId", "=", tokenId)
    .where("sensor.enrolledAt", ">=", since);
}

/** Counts the sensors by state, in the list of each class of the token. The list has no deleted sensors. */
export async function countArrivals(
  db: Database,
  tokenId: string,
  since: number,
): Promise<Record<ArrivalState, number>> {
  return await inSnapshot(db, async (tx) => {
    const { rows: cells } = await sql<{ cell: number; sensors: number }>`
      select sensor_listing.cell, count(*) as sensors
      from token_group cross join sensor_class cross join sensor_listing
      where token_group.enrollment_token_id = ${tokenId} and sensor_class.token_group_id = token_group.id
        and sensor_listing.class_id = sensor_class.id
        and sensor_listing.cell in (sensor_class.cell, sensor_class.cell + 1)
        and sensor_listing.enrolled_at >= ${since}
      group by sensor_listing.cell`.execute(tx);
    const { deleted } = await arrivals(tx, tokenId, since)
      .where("sensor.deletedAt", "is not", null)
      .select((eb) => eb.fn.countAll().as("deleted"))
      .executeTakeFirstOrThrow();
    const counts = Object.fromEntries(ARRIVAL_STATES.map((state) => [state, 0]));
    for (const { cell, sensors } of cells) counts[standingOf(cell)]! += Number(sensors);
    return { ...counts, deleted: Number(deleted) } as Record<ArrivalState, number>;
  });
}

/** Returns the sensors whose history each of these sensors continues after a merge, the latest first. */
export async function listMergedInto(db: Database, ids: string[]) {
  return await forSomeValues(ids, (some) =>
    db
      .selectFrom("sensor")
      .select(["id", "hostname", "replacedBy"])
      .where("replacedBy", "in", some)
      .where("deletedAt", "is", null)
      .orderBy("replacedAt", "desc")
      .execute(),
  );
}

/** Returns the sensors of a token that a host took over with a ticket since, newest first. */
export async function listTakenOver(db: Database, tokenId: string, since: number, limit: number) {
  return await inSnapshot(db, (tx) =>
    tx
      .selectFrom("reEnrollTicket")
      // SQLite does not reorder a cross join. It would read all sensors of the token.
      .crossJoin("sensor")
      .whereRef("sensor.id", "=", "reEnrollTicket.sensorId")
      .select(["sensor.id", "sensor.hostname", "sensor.deletedAt", "reEnrollTicket.usedAt"])
      .where("reEnrollTicket.usedAt", ">=", since)
      .where("sensor.enrollmentTokenId", "=", tokenId)
      .orderBy("reEnrollTicket.usedAt", "desc")
      .limit(limit)
      .execute(),
  );
}

/** Returns when the first and the last sensor of a token enrolled, or undefined without sensors. */
export async function findEnrollmentSpan(
  db: Database,
  tokenId: string,
): Promise<{ first: number; last: number } | undefined> {
  const end = (tx: Database, order: "asc" | "desc") =>
    arrivals(tx, tokenId, 0).select("enrolledAt").orderBy("enrolledAt", order).limit(1).executeTakeFirst();
  return await inSnapshot(db, async (tx) => {
    const [first, last] = [await end(tx, "asc"), await end(tx, "desc")];
    return first && last && { first: first.enrolledAt, last: last.enrolledAt };
  });
}

/** Counts the sensors that enrolled in each bucket of `widthMs` from `from` on, by its number. */
export async function countEnrolledByBucket(
  db: Database,
  tokenId: string,
  { from, widthMs }: { from: number; widthMs: number },
): Promise<Map<number, number>> {
  const rows = await inSnapshot(db, (tx) =>
    arrivals(tx, tokenId, from)
      .select((eb) => [
        sql<number>`(sensor.enrolled_at - ${sql.lit(from)}) / ${sql.lit(widthMs)}`.as("bucket"),
        eb.fn.countAll().as("sensors"),
      ])
      .groupBy("bucket")
      .execute(),
  );
  return new Map(rows.map(({ bucket, sensors }) => [Number(bucket), Number(sensors)]));
}
