// Stores what a sensor reports about its update. The same transaction stops the ring, or lets its other hosts
// follow.
import type { UpdateReport } from "@attacklens/protocol/updates.ts";
import { recordAuditEvent, SYSTEM_ACTOR } from "../audit/audit.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import type { SensorUpdateTable, UpdateRunTable } from "../db/schema-updates.ts";
import { inTransaction } from "../db/transaction.ts";
import { lockSender, type Sender } from "../sensors/record/lock-sender.ts";
import { countCanaries, countFailures, lockHostUpdate, upsertHostUpdate } from "./host-updates-store.ts";
import { compareVersions, type Plan } from "./offer-rules.ts";
import { listRuns, lockRing, type RingRow, updateRun } from "./updates-store.ts";

/** Writes nothing if the report is the stored one. Returns the row. Throws the problems of `lockSender`. */
export async function recordUpdate(
  db: Database,
  now: number,
  plan: Plan,
  sender: Sender,
  stored: SensorUpdateTable | null,
  report: UpdateReport,
): Promise<SensorUpdateTable> {
  const sensorId = sender.id;
  if (stored && isSame(stored, next(plan, now, sensorId, stored, report))) return stored;
  return await inTransaction(db, async (tx) => {
    // The ring first, like an admission.
    const ring = stored?.ringId == null ? undefined : await lockRing(tx, stored.ringId);
    await lockSender(tx, sender);
    const before = (await lockHostUpdate(tx, sensorId)) ?? null;
    const after = next(plan, now, sensorId, before, report);
    if (before && isSame(before, after)) return before;
    await upsertHostUpdate(tx, after);
    await announce(tx, "sensor");
    if (ring && after.ringId === ring.id && after.version !== null) await judgeRing(tx, now, ring, after);
    return after;
  });
}

/** The row after the report. `stored` null: the sensor has not reported before. */
function next(
  plan: Plan,
  now: number,
  sensorId: string,
  stored: SensorUpdateTable | null,
  { method, target, attempt: reported }: UpdateReport,
): SensorUpdateTable {
  const own = stored ?? {
    ...{ sensorId, version: null, attempt: null, reason: null, ringId: null, offeredAt: null },
    ...{ isCanary: 0, since: now, state: "none" as const },
  };
  const row = { ...own, method, target };
  if (method !== "self")
    return own.state === method ? row : { ...row, state: method, reason: null, since: now };
  if (reported && isNews(plan, own, reported)) {
    const { version, attempt, state, reason = null } = reported;
    const isOwn = own.version === version && own.attempt === attempt;
    if (isOwn && own.state === state && own.reason === reason) return row;
    // It skips what it rolled back. That it was rolled back says more, and stays counted as a failure.
    if (isOwn && own.state === "rolled-back" && state === "skipped") return row;
    const since = isOwn && own.state === state ? own.since : now;
    const offer = own.version === version ? {} : { ringId: null, isCanary: 0, offeredAt: null };
    return { ...row, ...offer, version, attempt, state, reason, since };
  }
  // It was installed in another way before.
  if (["package-manager", "immutable", "manual"].includes(own.state))
    return { ...row, state: "none", since: now };
  // It has forgotten what it began, because the offer was withdrawn.
  const isForgotten = !reported && ["downloading", "verified", "trial"].includes(own.state);
  return isForgotten ? { ...row, state: "offered", since: now } : row;
}

/** False for a report about an update before the one that was offered last. */
function isNews(
  { counters }: Plan,
  { version, attempt }: Pick<SensorUpdateTable, "version" | "attempt">,
  reported: NonNullable<UpdateReport["attempt"]>,
): boolean {
  if (version === null) return true;
  if (version === reported.version) return reported.attempt >= (attempt ?? 1);
  const [own, other] = [counters.get(version), counters.get(reported.version)];
  if (own !== undefined && other !== undefined) return other > own;
  return (compareVersions(reported.version, version) ?? 1) > 0;
}

function isSame(one: SensorUpdateTable, other: SensorUpdateTable): boolean {
  return (Object.keys(other) as (keyof SensorUpdateTable)[]).every((column) => one[column] === other[column]);
}

async function judgeRing(
  tx: Database,
  now: number,
  ring: RingRow,
  { state, isCanary, version }: SensorUpdateTable,
): Promise<void> {
  const run = (await listRuns(tx, version!)).find((one) => one.ringId === ring.id);
  if (!run) return;
  const hasFailed = state === "failed" || state === "rolled-back";
  if (hasFailed) await stopAfterFailures(tx, now, ring, run);
  else if (state === "done" && isCanary === 1) await endCanaries(tx, now, ring, run);
}

/** For an operator who lowers the number, too. */
export async function stopAfterFailures(
  tx: Database,
  now: number,
  ring: RingRow,
  run: UpdateRunTable,
): Promise<void> {
  const failures = await countFailures(tx, run, ring.stopAfter);
  if (run.stoppedAt === null && failures >= ring.stopAfter) {
    await updateRun(tx, run, { stoppedAt: now, changedAt: now });
    await recordAuditEvent(tx, {
      at: now,
      actor: SYSTEM_ACTOR,
      action: "update-ring.stopped",
      entity: { type: "update-ring", id: ring.id, name: ring.name },
      details: { version: run.version, attempt: run.attempt, failures },
    });
  }
  // The plan counts failures and canaries.
  await announce(tx, "update-ring");
}

async function endCanaries(tx: Database, now: number, ring: RingRow, run: UpdateRunTable): Promise<void> {
  const { done } = await countCanaries(tx, run, now, ring.canaries);
  if (run.canariesDoneAt === null && run.stoppedAt === null && done >= ring.canaries)
    await updateRun(tx, run, { canariesDoneAt: now, changedAt: now });
  await announce(tx, "update-ring");
}
