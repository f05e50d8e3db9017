// Chooses which instances of a sensor are stored: at most 50, for any number of hosts with its key and any
// number of restarts.
import type { SensorInstanceTable } from "../../db/schema-sensors.ts";

export const MAX_INSTANCES = 50;
/** An instance without a request for this long is deleted first. */
const FORGOTTEN_AFTER_MS = 86_400_000;

type Remembered = Pick<
  SensorInstanceTable,
  "instanceId" | "state" | "firstSeenAt" | "returnedAt" | "returns" | "cloneSensorId"
>;

/**
 * Returns the instances to delete so that another one can be stored, or undefined if none may be deleted. The
 * holder is never deleted.
 *
 * The latest past instances are deleted first. If more hosts start with one key than are stored, the earliest
 * ones are settled at their next request, and free space for the others. If the oldest were deleted first,
 * none would be settled.
 */
export function instancesToForget(
  rows: readonly Remembered[],
  newState: SensorInstanceTable["state"],
  now: number,
): string[] | undefined {
  const excess = rows.length + 1 - MAX_INSTANCES;
  if (excess <= 0) return [];
  const isOld = (at: number) => now - at > FORGOTTEN_AFTER_MS;
  const oldestFirst = rows.toSorted((left, right) => left.firstSeenAt - right.firstSeenAt);
  const latestFirst = oldestFirst.toReversed();
  const past = latestFirst.filter(({ state }) => state === "past");
  const clones = oldestFirst.filter(({ state }) => state === "clone");
  const order = [
    ...past.filter(({ returnedAt, firstSeenAt }) => isOld(returnedAt ?? firstSeenAt)),
    // These clones already have a separate key.
    ...clones.filter(({ cloneSensorId }) => cloneSensorId !== null),
    ...past.filter(({ returns }) => returns === 0),
    ...clones.filter(({ firstSeenAt }) => newState !== "newcomer" || isOld(firstSeenAt)),
    ...(newState === "newcomer" ? [] : [...past, ...latestFirst.filter(({ state }) => state === "newcomer")]),
  ];
  const forgotten = [...new Set(order.map(({ instanceId }) => instanceId))].slice(0, excess);
  return forgotten.length < excess ? undefined : forgotten;
}
