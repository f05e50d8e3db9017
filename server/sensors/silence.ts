// A job that finds silent sensors, so that lists and numbers need not look at each. Lists do not wait for it:
// they correct the sensors that it has not found yet.
import type { Database } from "../db/schema.ts";
import { openTurns } from "../turns.ts";
import { deleteEmptyClasses } from "./empty-classes-store.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { addUpCounts, markSilence } from "./silence-store.ts";

/** Sensors in one statement, which other requests may wait for. */
const AT_ONCE = 20;

/**
 * An upgrade of a fleet leaves classes without sensors. They are also deleted soon after a start, because a
 * server may restart more often than this.
 */
const CLASSES_EVERY_MS = 3_600_000;

/**
 * Returns the job. In the first interval after a start it only adds up the numbers: sensors that could not
 * reach a stopped server return, and need not be written twice.
 */
export function openSilenceJob(db: Database, now: () => number, checkInIntervalSeconds: number) {
  const beginsAt = now() + checkInIntervalSeconds * 1000;
  let classesDueAt = beginsAt;
  return async (): Promise<void> => {
    if (now() >= classesDueAt) {
      classesDueAt = now() + CLASSES_EVERY_MS;
      await deleteEmptyClasses(db, now());
    }
    if (now() >= beginsAt) await findSilent(db, () => onlineSince(now(), checkInIntervalSeconds));
    await addUpCounts(db);
  };
}

/** Statements after which the numbers are added up, so that they stay few when a whole fleet is silent. */
const ADD_UP_EVERY = 50;

/**
 * `since` returns the present limit: with that of its start, a long run would undo what another server does.
 */
export async function findSilent(db: Database, since: () => number): Promise<void> {
  const turns = openTurns("job");
  for (const isSilent of [1, 0] as const)
    for (let step = 1; (await markSilence(db, isSilent, since(), AT_ONCE)) === AT_ONCE; step++) {
      if (step % ADD_UP_EVERY === 0) await addUpCounts(db);
      await turns.next();
    }
}
