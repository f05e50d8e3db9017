// Hosts that were installed anew: the new sensor goes on with the history and the asset of the silent one, by a person's decision or
// the token's rule. It is undone when that one is heard again: a key is a better proof than any match.

import { comparedFact } from "@attacklens/protocol/compared-facts.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { z } from "zod";
import { mergeAsset, separateAsset, withdrawIdentifiers } from "../../assets/assets.ts";
import { type AuditEvent, recordAuditEvent, userActor } from "../../audit/audit.ts";
import { announce } from "../../db/changes.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { toInstant } from "../../ids.ts";
import { requirePossible } from "../../permitted.ts";
import type { User } from "../../route-handler.ts";
import { openTurns } from "../../turns.ts";
import type { InstanceHost } from "../clones/clone-rules.ts";
import { parseHost } from "../clones/clones.ts";
import { sensorObstacle } from "../record/sensor-obstacles.ts";
import { onlineSince } from "../record/sensor-status.ts";
import { lockSensor, updateSensor } from "../record/sensors-store.ts";
import { compareHardware, HARDWARE_KINDS, type HardwareKind, hardwareOf } from "./match-rules.ts";
import {
  decideMatch,
  findMatch,
  insertMatches,
  listHolders,
  listOpenPairs,
  listPairsToMerge,
  listRefutedPairs,
  listReplaced,
  type OpenPair,
  undecidedSlices,
} from "./matches-store.ts";

const SYSTEM: AuditEvent["actor"] = { type: "system", id: "system", name: "AttackLens" };
/** Pairs decided in one transaction: others wait no longer than for it. */
const DECIDED_AT_ONCE = 100;

const comparedFacts = z.array(comparedFact);

/** Matches that a new sensor has at the most: those of the sensors that were seen last. */
const MAX_MATCHES = 20;

/** Proposes which of the earlier sensors each new one matches. In the transaction that makes or approves them. */
export async function detectMatches(
  tx: Database,
  newcomers: { id: string; host: InstanceHost }[],
  {
    now,
    assetGroupId,
    checkInIntervalSeconds,
  }: { now: number; assetGroupId: string | null; checkInIntervalSeconds: number },
): Promise<void> {
  const hardware = newcomers.map(({ host }) => hardwareOf(host));
  const identifiers = Object.fromEntries(
    HARDWARE_KINDS.map((kind) => [kind, [...new Set(hardware.flatMap((values) => values[kind]))]]),
  );
  const ids = new Set(newcomers.map(({ id }) => id));
  const since = onlineSince(now, checkInIntervalSeconds);
  const holders = (await listHolders(tx, identifiers)).map((row) => ({
    ...row,
    host: parseHost(row.enrolledHost),
    lives: ids.has(row.id) || (row.uninstalledAt === null && row.lastSeenAt >= since),
  }));
  holders.sort((left, right) => right.lastSeenAt - left.lastSeenAt);
  const rows = newcomers.flatMap((newcomer) =>
    holders
      .filter((holder) => !ids.has(holder.id) && holder.assetGroupId === assetGroupId)
      .flatMap((holder) => {
        const others = holders.filter(({ id, lives }) => lives && id !== holder.id && id !== newcomer.id);
        const isShared = (kind: HardwareKind, value: string) =>
          others.some(({ host }) => hardwareOf(host)[kind].includes(value));
        const { facts, looksAlike, isCertain } = compareHardware(holder.host, newcomer.host, isShared);
        if (!looksAlike) return [];
        return [
          {
            sensorId: newcomer.id,
            predecessorId: holder.id,
            facts: JSON.stringify(facts),
            isCertain: isCertain ? 1 : 0,
            decision: null,
            decidedAt: null,
            decidedBy: null,
            formerAssetId: null,
          },
        ];
      })
      .slice(0, MAX_MATCHES),
  );
  await insertMatches(tx, rows);
}

/** For each of the sensors the silent one that it looks like, if there is one. */
export async function findLikes(
  db: Database,
  since: number,
  sensorIds: readonly string[],
): Promise<Map<string, Sensor["match"]>> {
  const likes = new Map<string, Sensor["match"]>();
  for (const { sensorId, predecessorId, hostname, lastSeenAt, isCertain, facts } of await listOpenPairs(
    db,
    since,
    sensorIds,
  )) {
    if (likes.has(sensorId)) continue;
    likes.set(sensorId, {
      sensor: { id: predecessorId, name: hostname },
      lastSeenAt: toInstant(lastSeenAt),
      isCertain: isCertain === 1,
      facts: comparedFacts.parse(JSON.parse(facts)),
    });
  }
  return likes;
}

/** The sensors whose history this one goes on with. */
export async function presentReplaced(db: Database, id: string) {
  return (await listReplaced(db, id)).map((row) => ({
    sensor: { id: row.id, name: row.hostname },
    enrolledAt: toInstant(row.enrolledAt),
    lastSeenAt: toInstant(row.lastSeenAt),
    replacedAt: toInstant(row.replacedAt ?? 0),
    replacedBy: row.decidedBy,
  }));
}

export interface Decision {
  now: number;
  /** The earliest instant of a last check-in that counts as online. */
  since: number;
  /** null: the enrollment token's rule. */
  user: User | null;
}

/** Throws not-found, state-conflict: among others when the earlier one was heard of meanwhile. */
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
    actor: user ? userActor(user) : SYSTEM,
    action: "sensor.replaced",
    entity: { type: "sensor", id: earlier.id },
    details: {
      hostname: earlier.hostname,
      by: later.id,
      byHostname: later.hostname,
      assetId: earlier.assetId,
      agrees: agreeing(pair.open),
      rule: user === null,
    },
  });
  await announce(tx, "asset");
}

/** Decides that the two are two. Throws not-found, state-conflict. */
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
    entity: { type: "sensor", id: sensorId },
    details: { hostname: pair.later.hostname, from: predecessorId, fromHostname: pair.earlier.hostname },
  });
}

/** Throws not-found, state-conflict. */
async function lockOpenPair(
  tx: Database,
  since: number,
  action: "merge" | "dismissMatch",
  { sensorId, predecessorId }: { sensorId: string; predecessorId: string },
) {
  // In the order of their ids, so that two decisions never wait for each other in a circle.
  const rows = new Map<string, Awaited<ReturnType<typeof lockSensor>>>();
  for (const id of [sensorId, predecessorId].toSorted()) rows.set(id, await lockSensor(tx, id));
  const [later, earlier] = [rows.get(sensorId), rows.get(predecessorId)];
  if (!later) throw new Problem("not-found", `There is no sensor ${sensorId}`);
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
  return comparedFacts
    .parse(JSON.parse(facts))
    .flatMap(({ kind, evidence }) => (evidence === "for" ? [kind] : []));
}

/**
 * Undoes a merge: the replaced sensor has its asset again, those that came after it have the one that they had before. Does nothing
 * for a sensor that is not replaced. `user` null: it was heard again.
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
    await withdrawIdentifiers(tx, formerAssetId);
  }
  await updateSensor(tx, id, { replacedBy: null, replacedAt: null, replacementDecidedBy: null });
  await decideMatch(
    tx,
    { sensorId: replacedBy, predecessorId: id },
    { decision: "dismissed", decidedAt: now, decidedBy: user?.id ?? null, formerAssetId: null },
  );
  await recordAuditEvent(tx, {
    at: now,
    actor: user ? userActor(user) : SYSTEM,
    action: "sensor.merge-undone",
    entity: { type: "sensor", id },
    details: { hostname: earlier.hostname, from: replacedBy, heardAgain: user === null },
  });
  await announce(tx, "asset");
}

/** Decides that those of each pair are two. */
async function keepPairs(
  tx: Database,
  now: number,
  pairs: { sensorId: string; predecessorId: string }[],
): Promise<void> {
  const decision = { decision: "dismissed", decidedAt: now, decidedBy: null, formerAssetId: null } as const;
  for (const pair of pairs) await decideMatch(tx, pair, decision);
}

/**
 * Decides the pairs that no operator need decide, some at a time: an earlier sensor that goes on beside the later one is another host,
 * and what the tokens' rules say is merged. Returns how many were merged. `reads` finds them.
 */
export async function mergeByRule(
  db: Database,
  now: number,
  checkInIntervalSeconds: number,
  reads: Database = db,
): Promise<number> {
  const since = onlineSince(now, checkInIntervalSeconds);
  let merged = 0;
  const turns = openTurns();
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
        // Somebody was faster.
        if (!(error instanceof Problem)) throw error;
      }
      if (turns.isOver()) await turns.next();
    }
  }
  return merged;
}
