// The sensors of one enrollment token: how many there are, which of them can be blocked, and blocking them.
import { recordAuditEvents } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { openTurns } from "../turns.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { presentSensors, type SensorView, sensorEvent } from "./sensors.ts";
import {
  countBlockable,
  countOnlineOfToken,
  countStandingsOfToken,
  listBlockable,
  listFirstBlockable,
  markBlocked,
  SLICE,
} from "./token-sensors-store.ts";

/**
 * The sensors of a token that exist and are not blocked, enrolled at `since` or later, by hostname, in
 * slices: a large token blocks neither the thread nor fills the memory.
 */
export async function* blockableSlices(db: Database, tokenId: string, since: number) {
  let after: { hostnameKey: string; id: string } | undefined;
  do {
    const slice = await listBlockable(db, tokenId, since, { after, limit: SLICE });
    yield slice;
    after = slice.length < SLICE ? undefined : slice.at(-1);
  } while (after);
}

/**
 * How many unblocked sensors of a token exist that enrolled at `since` or later, and the first of them by
 * hostname.
 */
export async function sampleBlockableSensors(
  db: Database,
  view: SensorView,
  tokenId: string,
  since: number,
  limit: number,
) {
  const toBlock = await countBlockable(db, tokenId, since);
  return {
    toBlock,
    sample: await presentSensors(db, view, await listFirstBlockable(db, tokenId, since, limit)),
  };
}

/** How many sensors of a token exist, and how many of these are online or blocked. */
export async function countTokenSensors(db: Database, view: SensorView, tokenId: string) {
  const counts = await countStandingsOfToken(db, tokenId);
  const since = onlineSince(view.now, view.checkInIntervalSeconds);
  return {
    sensors: counts.values().reduce((sum, count) => sum + count, 0),
    online: await countOnlineOfToken(db, tokenId, since),
    blocked: counts.get("blocked") ?? 0,
  };
}

/** Sensors blocked in one statement: requests that write nothing wait no longer than for it. */
const BLOCKED_AT_ONCE = 200;

/** Blocks sensors that can be blocked, in the caller's transaction: their next request is refused. */
export async function blockSensors(
  tx: Database,
  now: number,
  user: User,
  sensors: { id: string; hostname: string }[],
): Promise<void> {
  const turns = openTurns();
  for (let start = 0; start < sensors.length; start += BLOCKED_AT_ONCE) {
    if (turns.isOver()) await turns.next();
    const some = sensors.slice(start, start + BLOCKED_AT_ONCE);
    const ids = some.map(({ id }) => id);
    await markBlocked(tx, ids, now, user.id);
    await recordAuditEvents(
      tx,
      some.map((sensor) => sensorEvent(now, user, "sensor.blocked", sensor)),
    );
  }
}
