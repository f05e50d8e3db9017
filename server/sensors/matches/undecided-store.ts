// The sensors with a match that an operator has not decided: few of all.
import type { Database } from "../../db/schema.ts";
import { inSnapshot } from "../../db/snapshot.ts";

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
