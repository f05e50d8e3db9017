// The sensors with a match that an operator has not decided: few of all.
import { sql } from "kysely";
import type { Database } from "../../db/schema.ts";
import { inSnapshot } from "../../db/snapshot.ts";

/** A column of a query of `sensor`: whether it is the later sensor of an undecided pair. Most are not. */
export const HAS_UNDECIDED = sql<0 | 1>`case when exists (select 1 from sensor_match
  where sensor_match.sensor_id = sensor.id and sensor_match.decision is null) then 1 else 0 end`.as(
  "hasUndecided",
);

/** The ids of the rows with it. */
export const undecidedOf = (rows: readonly { id: string; hasUndecided: 0 | 1 }[]): string[] =>
  rows.filter(({ hasUndecided }) => hasUndecided === 1).map(({ id }) => id);

/** The number of sensors in a slice. Each sensor has few pairs. */
const SLICE = 200;

/** Yields the later sensors of all undecided pairs in slices. */
export async function* undecidedSlices(db: Database): AsyncGenerator<string[]> {
  let after: string | undefined = "";
  while (after !== undefined) {
    const last: string = after;
    const slice = await inSnapshot(db, (tx) => listUndecided(tx, last));
    yield slice;
    after = slice.length < SLICE ? undefined : slice.at(-1);
  }
}

async function listUndecided(tx: Database, after: string): Promise<string[]> {
  const rows = await tx
    .selectFrom("sensorMatch")
    .select("sensorId")
    .distinct()
    .where("decision", "is", null)
    .where("sensorId", ">", after)
    .orderBy("sensorId")
    .limit(SLICE)
    .execute();
  return rows.map(({ sensorId }) => sensorId);
}
