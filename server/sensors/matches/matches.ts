// Re-imaged hosts: the silent sensors that a new sensor may continue. merges.ts decides about a match.

import { comparedFact } from "@attacklens/protocol/compared-facts.ts";
import { HARDWARE_KINDS, type HardwareKind } from "@attacklens/protocol/hardware-placeholders.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { z } from "zod";
import type { Database } from "../../db/schema.ts";
import { toInstant } from "../../ids.ts";
import type { InstanceHost } from "../clones/clone-rules.ts";
import { parseHost } from "../clones/instance-host.ts";
import { onlineSince } from "../record/sensor-status.ts";
import { compareHardware, hardwareOf } from "./match-rules.ts";
import { insertMatches, listHolders, listOpenPairs, listReplaced } from "./matches-store.ts";

const comparedFacts = z.array(comparedFact);

/** The maximum number of matches of a new sensor, with the most recently seen sensors. */
const MAX_MATCHES = 20;

/** Stores the matches of the new sensors, in the transaction that creates or approves them. */
export async function detectMatches(
  tx: Database,
  newcomers: { id: string; host: InstanceHost }[],
  {
    now,
    assetGroupId,
    checkInIntervalSeconds,
    decidedIds = [],
  }: {
    now: number;
    assetGroupId: string | null;
    checkInIntervalSeconds: number;
    /** Earlier sensors that a match is not detected with again. */
    decidedIds?: readonly string[];
  },
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
      .filter(
        (holder) =>
          !ids.has(holder.id) && !decidedIds.includes(holder.id) && holder.assetGroupId === assetGroupId,
      )
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
          },
        ];
      })
      .slice(0, MAX_MATCHES),
  );
  await insertMatches(tx, rows);
}

/** Returns the match of each of the sensors: the silent sensor that it may continue. */
export async function findLikes(
  db: Database,
  since: number,
  sensors: readonly { id: string; hasUndecided: 0 | 1 }[],
): Promise<Map<string, NonNullable<Sensor["match"]>>> {
  const likes = new Map<string, NonNullable<Sensor["match"]>>();
  const undecided = sensors.filter(({ hasUndecided }) => hasUndecided === 1).map(({ id }) => id);
  for (const { sensorId, predecessorId, hostname, lastSeenAt, isCertain, facts } of await listOpenPairs(
    db,
    since,
    undecided,
  )) {
    if (likes.has(sensorId)) continue;
    const compared = comparedFacts.parse(JSON.parse(facts));
    likes.set(sensorId, {
      sensor: { id: predecessorId, name: hostname },
      lastSeenAt: toInstant(lastSeenAt),
      isCertain: isCertain === 1,
      agreeing: compared.filter(({ evidence }) => evidence === "for").length,
      differing: compared.filter(({ evidence }) => evidence === "against").length,
      facts: compared,
    });
  }
  return likes;
}

/** Returns the sensors whose history this one continues. */
export async function presentReplaced(db: Database, id: string) {
  return (await listReplaced(db, id)).map((row) => ({
    sensor: { id: row.id, name: row.hostname },
    enrolledAt: toInstant(row.enrolledAt),
    lastSeenAt: toInstant(row.lastSeenAt),
    replacedAt: toInstant(row.replacedAt ?? 0),
    replacedBy: row.decidedBy,
  }));
}
