// Offers a host the release of its ring for the first time. The ring is locked, so that many check-ins on
// several servers admit no more canaries than the ring allows.
import { OFFERS_PER_MINUTE } from "@attacklens/protocol/update-rings.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import type { SensorUpdateTable, UpdateRunTable } from "../db/schema-updates.ts";
import { inTransaction } from "../db/transaction.ts";
import { lockSender, type Sender } from "../sensors/record/lock-sender.ts";
import { countCanaries, lockHostUpdate, upsertHostUpdate } from "./host-updates-store.ts";
import {
  hasPassed,
  isRunOf,
  type Plan,
  type PlannedRelease,
  type PlannedRing,
  ringOf,
} from "./offer-rules.ts";
import { CANARY_EXPECTED_MS } from "./plan.ts";
import { listRuns, lockRing, takeOffer, updateRun, upsertRun } from "./updates-store.ts";

const MINUTE_MS = 60_000;

export function endOfMinute(now: number): number {
  return (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
}

export type Admission =
  | { type: "admitted"; attempt: number; isCanary: boolean }
  /** Another transaction was faster, or the plan has changed. */
  | { type: "full" | "changed" }
  /** Too many hosts started in this minute. */
  | { type: "later" };

export async function admitHost(
  db: Database,
  now: number,
  plan: Plan,
  sender: Sender,
  assetGroupId: string | null,
): Promise<Admission> {
  const ring = ringOf(plan, assetGroupId);
  const { target } = ring;
  if (!target) return { type: "changed" };
  return await inTransaction(db, async (tx) => {
    const locked = await lockRing(tx, ring.id);
    if (!locked || locked.changedAt !== ring.changedAt || locked.pausedAt !== null)
      return { type: "changed" };
    const runs = await listRuns(tx, target.version);
    if (!ring.mandatory && !haveEarlierPassed(plan, ring, target, runs, now)) return { type: "changed" };
    const stored = runs.find((one) => one.ringId === ring.id);
    const isSame = stored !== undefined && isRunOf(stored, ring.id, target);
    const run = isSame ? stored : newRun(ring.id, target, now, stored);
    if (run.stoppedAt !== null) return { type: "changed" };
    const isCanary = run.canariesDoneAt === null;
    const canaries = isCanary && (await countCanaries(tx, run, now - CANARY_EXPECTED_MS, ring.canaries));
    if (canaries && !ring.mandatory && canaries.done + canaries.expected >= ring.canaries)
      return { type: "full" };
    await lockSender(tx, sender);
    const before = await lockHostUpdate(tx, sender.id);
    if (before?.method !== "self") return { type: "changed" };
    if (!(await takeOffer(tx, Math.floor(now / MINUTE_MS), OFFERS_PER_MINUTE))) return { type: "later" };
    if (!isSame) await upsertRun(tx, run);
    const attempt = Math.max(run.attempt, before.version === target.version ? (before.attempt ?? 1) : 1);
    await upsertHostUpdate(tx, {
      ...before,
      ...offered(target.version, attempt, ring.id, now),
      isCanary: isCanary ? 1 : 0,
    });
    await announce(tx, isCanary || !isSame ? "update-ring" : "sensor");
    return { type: "admitted", attempt, isCanary };
  });
}

/** The columns of a host that is offered a release. */
export function offered(version: string, attempt: number, ringId: string, now: number) {
  return {
    ...{ version, attempt, ringId, since: now, offeredAt: now },
    state: "offered",
    reason: null,
    isCanary: 0,
  } satisfies Partial<SensorUpdateTable>;
}

/** A release that was signed again is offered again to hosts where its version failed before. */
function newRun(
  ringId: string,
  { version, counter }: PlannedRelease,
  now: number,
  earlier: UpdateRunTable | undefined,
): UpdateRunTable {
  return {
    ...{ ringId, version, counter, startedAt: now, changedAt: now },
    attempt: (earlier?.attempt ?? 0) + 1,
    canariesDoneAt: null,
    stoppedAt: null,
  };
}

function haveEarlierPassed(
  { rings }: Plan,
  ring: PlannedRing,
  target: PlannedRelease,
  runs: readonly UpdateRunTable[],
  now: number,
): boolean {
  const earlier = rings.slice(0, rings.indexOf(ring));
  return earlier.every((one) =>
    hasPassed(
      one,
      runs.find((run) => isRunOf(run, one.id, target)),
      now,
    ),
  );
}

/** Records that a ring's canaries succeeded, or that it has nothing to wait for. */
export async function passCanaries(
  tx: Database,
  now: number,
  ringId: string,
  release: PlannedRelease,
): Promise<void> {
  const runs = await listRuns(tx, release.version);
  const stored = runs.find((one) => one.ringId === ringId);
  if (!stored || !isRunOf(stored, ringId, release))
    await upsertRun(tx, { ...newRun(ringId, release, now, stored), canariesDoneAt: now });
  else if (stored.canariesDoneAt === null && stored.stoppedAt === null)
    await updateRun(tx, stored, { canariesDoneAt: now, changedAt: now });
  else return;
  await announce(tx, "update-ring");
}
