// Merges a re-imaged host: its new sensor continues the history and the asset of the silent one, by an
// operator's decision or the tokens' rules. The merge is undone when the silent sensor reports again: a key
// is better proof than any match.
import { comparedFact } from "@attacklens/protocol/compared-facts.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import { mergeAsset, separateAsset, withdrawIdentifiers } from "../../assets/assets.ts";
import { recordAuditEvent, SYSTEM_ACTOR, userActor } from "../../audit/audit.ts";
import type { User } from "../../caller.ts";
import { announce } from "../../db/changes.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { requirePossible } from "../../permitted.ts";
import { openTurns } from "../../turns.ts";
import { parseHost } from "../clones/instance-host.ts";
import { sensorNotFound } from "../record/locked-sensor.ts";
import { sensorObstacle } from "../record/sensor-obstacles.ts";
import { onlineSince } from "../record/sensor-status.ts";
import { lockSensor, updateSensor } from "../record/sensors-store.ts";
import {
  decideMatch,
  findMatch,
  listOpenPairs,
  listPairsToMerge,
  listRefutedPairs,
  type OpenPair,
} from "./matches-store.ts";
import { undecidedSlices } from "./undecided-store.ts";

/** The number of pairs that are decided in one transaction, which delays other requests. */
const DECIDED_AT_ONCE = 100;

export interface Decision {
  now: number;
  /** The earliest instant of a last check-in that counts as online. */
  since: number;
  /** null: the enrollment token's rule decided. */
  user: User | null;
}

/** Throws not-found, and state-conflict, e.g. if the earlier sensor reported in the meantime. */
export async function merge(
  tx: Database,
  { now, since, user }: Decision,
  { sensorId, predecessorId }: { sensorId: string; predecessorId: string },
): Promise<void> {
  const pair = await lockOpenPair(tx, since, "merge", { sensorId, predecessorId });
  const { later, earlier } = pair;
  if (user === null && !isMergedByRule(pair.open))
    throw new Problem(
      "state-conflict",
      "Can't merge the sensors: the rules of their tokens don't allow it any more",
    );
  const formerAssetId = later.assetId === earlier.assetId ? null : later.assetId;
  const decidedBy = user?.id ?? null;
  await updateSensor(tx, earlier.id, {
    replacedBy: later.id,
    replacedAt: now,
    replacementDecidedBy: decidedBy,
  });
  if (formerAssetId !== null) {
    await updateSensor(tx, later.id, { assetId: earlier.assetId });
    await mergeAsset(tx, formerAssetId, earlier.assetId);
  }
  await decideMatch(tx, pair.ids, { decision: "merged", decidedAt: now, decidedBy, formerAssetId });
  await recordAuditEvent(tx, {
    at: now,
    actor: user ? userActor(user) : SYSTEM_ACTOR,
    action: "sensor.replaced",
    entity: { type: "sensor", id: earlier.id, name: earlier.hostname },
    details: {
      by: later.id,
      byHostname: later.hostname,
      assetId: earlier.assetId,
      agrees: agreeing(pair.open),
      rule: user === null,
    },
  });
  await announce(tx, "asset");
}

/** Decides that the two sensors are different hosts. Throws not-found, state-conflict. */
export async function dismiss(
  tx: Database,
  { now, since, user }: Decision & { user: User },
  { sensorId, predecessorId }: { sensorId: string; predecessorId: string },
): Promise<void> {
  const pair = await lockOpenPair(tx, since, "dismissMatch", { sensorId, predecessorId });
  await decideMatch(tx, pair.ids, {
    decision: "dismissed",
    decidedAt: now,
    decidedBy: user.id,
    formerAssetId: null,
  });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "sensor.match-dismissed",
    entity: { type: "sensor", id: sensorId, name: pair.later.hostname },
    details: { from: predecessorId, fromHostname: pair.earlier.hostname },
  });
}

/** Throws not-found, state-conflict. */
async function lockOpenPair(
  tx: Database,
  since: number,
  action: "merge" | "dismissMatch",
  { sensorId, predecessorId }: { sensorId: string; predecessorId: string },
) {
  // In the order of their ids, to avoid deadlocks.
  const rows = new Map<string, Awaited<ReturnType<typeof lockSensor>>>();
  for (const id of [sensorId, predecessorId].toSorted()) rows.set(id, await lockSensor(tx, id));
  const [later, earlier] = [rows.get(sensorId), rows.get(predecessorId)];
  if (!later) throw sensorNotFound(sensorId);
  const pairs = await listOpenPairs(tx, since, [sensorId]);
  requirePossible(sensorObstacle(action, { ...later, hasMatch: pairs.length > 0 }));
  const open = pairs.find((one) => one.predecessorId === predecessorId);
  if (!earlier || !open)
    throw new Problem(
      "state-conflict",
      `The sensor ${predecessorId} is not an open match of this one. Reload the sensor, then decide again`,
    );
  return { later, earlier, ids: { sensorId, predecessorId }, open };
}

function isMergedByRule({ isCertain, laterRule, earlierRule, uninstalledAt }: OpenPair): boolean {
  return isCertain === 1 && laterRule === "merge" && earlierRule === "merge" && uninstalledAt === null;
}

function agreeing({ facts }: OpenPair): string[] {
  return z
    .array(comparedFact)
    .parse(JSON.parse(facts))
    .flatMap(({ kind, evidence }) => (evidence === "for" ? [kind] : []));
}

/**
 * Undoes a merge: the replaced sensor gets its asset back, and its successors get back the asset that they
 * had before. Does nothing for a sensor that is not replaced. `user` null: the replaced sensor reported
 * again.
 */
export async function unmerge(tx: Database, now: number, user: User | null, id: string): Promise<void> {
  const earlier = await lockSensor(tx, id);
  if (!earlier || earlier.replacedBy === null) return;
  const { replacedBy } = earlier;
  const match = await findMatch(tx, replacedBy, id);
  const formerAssetId = match?.formerAssetId ?? null;
  if (formerAssetId !== null) {
    for (let next: string | null = replacedBy; next !== null; ) {
      const one: Awaited<ReturnType<typeof lockSensor>> = await lockSensor(tx, next);
      if (one?.assetId === earlier.assetId) await updateSensor(tx, one.id, { assetId: formerAssetId });
      next = one?.replacedBy ?? null;
    }
    await separateAsset(tx, formerAssetId, earlier.assetId, parseHost(earlier.enrolledHost));
    await withdrawIdentifiers(tx, [formerAssetId]);
  }
  await updateSensor(tx, id, { replacedBy: null, replacedAt: null, replacementDecidedBy: null });
  await decideMatch(
    tx,
    { sensorId: replacedBy, predecessorId: id },
    { decision: "dismissed", decidedAt: now, decidedBy: user?.id ?? null, formerAssetId: null },
  );
  await recordAuditEvent(tx, {
    at: now,
    actor: user ? userActor(user) : SYSTEM_ACTOR,
    action: "sensor.merge-undone",
    entity: { type: "sensor", id, name: earlier.hostname },
    details: { from: replacedBy, heardAgain: user === null },
  });
  await announce(tx, "asset");
}

/** Decides that the sensors of each pair are different hosts. */
async function keepPairs(
  tx: Database,
  now: number,
  pairs: { sensorId: string; predecessorId: string }[],
): Promise<void> {
  const decision = { decision: "dismissed", decidedAt: now, decidedBy: null, formerAssetId: null } as const;
  for (const pair of pairs) await decideMatch(tx, pair, decision);
}

/**
 * Decides the pairs that need no operator, some at a time. Dismisses a pair whose earlier sensor reports
 * beside the later one, because they are different hosts. Merges the others if the tokens' rules are to
 * merge. Returns the number of merged pairs. `reads` finds the pairs.
 */
export async function mergeByRule(
  db: Database,
  now: number,
  checkInIntervalSeconds: number,
  reads: Database = db,
): Promise<number> {
  const since = onlineSince(now, checkInIntervalSeconds);
  let merged = 0;
  const turns = openTurns("job");
  for await (const sensorIds of undecidedSlices(reads)) {
    const refuted = await listRefutedPairs(reads, sensorIds);
    for (let start = 0; start < refuted.length; start += DECIDED_AT_ONCE) {
      await inTransaction(db, (tx) => keepPairs(tx, now, refuted.slice(start, start + DECIDED_AT_ONCE)));
      await turns.next();
    }
    for (const pair of await listPairsToMerge(reads, since, sensorIds)) {
      try {
        await inTransaction(db, (tx) => merge(tx, { now, since, user: null }, pair));
        merged++;
      } catch (error) {
        // Lost the race to another transaction.
        if (!(error instanceof Problem)) throw error;
      }
      if (turns.isOver()) await turns.next();
    }
  }
  return merged;
}
