// Chooses which instances of a sensor are remembered: at most 50, however many hosts have its key and however
// often they start.
import type { SensorInstanceTable } from "../../db/schema.ts";

export const MAX_INSTANCES = 50;
/** An instance without a request for so long is the first to be forgotten. */
const FORGOTTEN_AFTER_MS = 86_400_000;

type Remembered = Pick<
  SensorInstanceTable,
  "instanceId" | "state" | "firstSeenAt" | "returnedAt" | "returns" | "cloneSensorId"
>;

/**
 * The instances to forget so that one more can be remembered; undefined when none may be forgotten for it.
 * The holder is always remembered.
 *
 * Of past instances the latest go first: when more hosts start with one key than are remembered, those that
 * came first are found again and settled, and make room for the rest. If the oldest went first, none would be
 * found again.
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
    // These have a separate key by now.
    ...clones.filter(({ cloneSensorId }) => cloneSensorId !== null),
    ...past.filter(({ returns }) => returns === 0),
    ...clones.filter(({ firstSeenAt }) => newState !== "newcomer" || isOld(firstSeenAt)),
    ...(newState === "newcomer" ? [] : [...past, ...latestFirst.filter(({ state }) => state === "newcomer")]),
  ];
  const forgotten = [...new Set(order.map(({ instanceId }) => instanceId))].slice(0, excess);
  return forgotten.length < excess ? undefined : forgotten;
}
