// The sensors of one enrollment token: counts them, finds those that can be blocked, and blocks them.
import { recordAuditEvents } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { standingOf } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { openTurns } from "../turns.ts";
import { countClasses, sumOf } from "./classes-store.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { countMisplaced } from "./seen-store.ts";
import { withSilenceNow } from "./sensor-counts.ts";
import { presentSample, type SensorView, sensorEvent } from "./sensors.ts";
import {
  countBlockable,
  countReportingWithoutUse,
  listBlockable,
  listFirstBlockable,
  markBlocked,
  SLICE,
} from "./token-sensors-store.ts";

/**
 * Yields the existing, unblocked sensors of a token that enrolled at `since` or later, in the order of their
 * enrollment. Uses slices, so that a token with many sensors does not block the thread or fill the memory.
 */
export async function* blockableSlices(db: Database, tokenId: string, since: number) {
  let after: { enrolledAt: number; id: string } | undefined;
  do {
    const slice = await listBlockable(db, tokenId, since, { after, limit: SLICE });
    yield slice;
    after = slice.length < SLICE ? undefined : slice.at(-1);
  } while (after);
}

/**
 * Counts the existing, unblocked sensors of a token that enrolled at `since` or later, and lists the first
 * ones.
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
    sample: await presentSample(db, view, await listFirstBlockable(db, tokenId, since, limit)),
  };
}

/** Counts the existing sensors of a token, and those that are online or blocked. */
export async function countTokenSensors(db: Database, view: SensorView, tokenId: string) {
  return await inSnapshot(db, async (tx) => {
    const { all, classes } = await classesOfToken(tx, tokenId);
    const since = onlineSince(view.now, view.checkInIntervalSeconds);
    const counts = withSilenceNow(classes, await countMisplaced(tx, { all, classes }, since));
    return {
      sensors: sumOf(counts),
      online: sumOf(counts.filter(({ status }) => status === "online")),
      blocked: sumOf(counts.filter(({ status }) => status === "blocked")),
    };
  });
}

/** Counts the uses of a token whose sensors report. */
export async function countReportingUses(db: Database, tokenId: string): Promise<number> {
  return await inSnapshot(db, async (tx) => {
    const { classes } = await classesOfToken(tx, tokenId);
    const reporting = classes.filter(({ cell }) => standingOf(cell) === "reporting");
    return sumOf(reporting) - (await countReportingWithoutUse(tx, tokenId));
  });
}

async function classesOfToken(tx: Database, tokenId: string) {
  const { all, classes } = await countClasses(tx);
  return { all, classes: classes.filter(({ of }) => of.enrollmentTokenId === tokenId) };
}

/** The number of sensors that are blocked in one statement, which reading requests may wait for. */
const BLOCKED_AT_ONCE = 200;

/** Blocks the sensors in the caller's transaction. Their next requests are refused. */
export async function blockSensors(
  tx: Database,
  now: number,
  user: User,
  sensors: { id: string; hostname: string }[],
): Promise<void> {
  const turns = openTurns("job", tx);
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
