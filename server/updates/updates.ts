// What users see of updates: releases, versions, rings and hosts, each with its state and what a user may do.
import { Problem } from "@attacklens/protocol/problems.ts";
import { pickRingSettings } from "@attacklens/protocol/ring-settings.ts";
import {
  EXPIRES_SOON_DAYS,
  type HostUpdate,
  type StoredRelease,
  type UpdateRing,
} from "@attacklens/protocol/update-rings.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { permitted, requirePossible } from "../permitted.ts";
import { offered } from "./admit-host.ts";
import { type CountFleet, countRing, countVersions, type FleetCounts } from "./fleet-counts.ts";
import { type HostPage, pageOfHosts } from "./host-list-store.ts";
import { findHost, type HostRow, lockHostUpdate, upsertHostUpdate } from "./host-updates-store.ts";
import { type Plan, type PlannedRelease, type PlannedRing, ringOf } from "./offer-rules.ts";
import { hostRetryObstacle, RING_ACTIONS, ringObstacles } from "./ring-obstacles.ts";
import { explainHost, explainRing, hostState, ringState } from "./ring-state.ts";
import { ringNotFound } from "./rings.ts";
import { opensAt } from "./update-window.ts";

const MANAGE = "updates:manage";
const DAY_MS = 86_400_000;

export async function getUpdates(plan: Plan, now: number, user: User, countFleet: CountFleet) {
  const counts = await countFleet();
  return {
    releases: plan.releases.map((release) => presentRelease(release, now)),
    versions: countVersions(counts),
    rings: plan.rings.map((ring) => presentRing(plan, now, user, ring, counts)),
    countedAt: toInstant(counts.at),
    can: permitted(user, MANAGE, ["create", "reorder"], (action) =>
      action === "reorder" && plan.rings.length < 3 ? "There is only one ring to order" : undefined,
    ),
  };
}

function presentRelease(release: PlannedRelease, now: number): StoredRelease {
  const { version, counter, createdAt, expiresAt, targets, targetsHere } = release;
  return {
    ...{ version, counter, targets: [...targets] },
    created: toInstant(createdAt),
    expires: toInstant(expiresAt),
    isExpired: expiresAt <= now,
    expiresSoon: expiresAt > now && expiresAt - now < EXPIRES_SOON_DAYS * DAY_MS,
    isHere: targetsHere.length > 0,
  };
}

/** Throws not-found. */
export function findRing(plan: Plan, id: string): PlannedRing {
  const ring = plan.rings.find((one) => one.id === id);
  if (!ring) throw ringNotFound(id);
  return ring;
}

export function presentRing(
  plan: Plan,
  now: number,
  user: User,
  ring: PlannedRing,
  { groups }: FleetCounts,
): UpdateRing {
  const counts = countRing(plan, ring, groups);
  const state = ringState(plan, now, ring, counts);
  const { id, name, isLast, assetGroups, target, run } = ring;
  const obstacles = ringObstacles(ring);
  return {
    ...{ id, name, isLast, assetGroups, state, ...pickRingSettings(ring) },
    pausedAt: toInstant(ring.pausedAt),
    pausedBy: ring.pausedBy,
    target: target?.version ?? null,
    attempt: run?.attempt ?? 1,
    explanation: explainRing(plan, now, ring, state, counts),
    opensAt: toInstant(opensAt(ring.openings, now) ?? null),
    startedAt: toInstant(run?.startedAt ?? null),
    canariesDoneAt: toInstant(run?.canariesDoneAt ?? null),
    stoppedAt: toInstant(run?.stoppedAt ?? null),
    ...{ canariesDone: ring.canariesDone, failures: ring.failures, hosts: counts },
    can: permitted(user, MANAGE, RING_ACTIONS, (action) => obstacles[action]),
  };
}

/** Throws not-found, input-invalid. */
export async function listUpdateHosts(
  db: Database,
  plan: Plan,
  now: number,
  user: User,
  { ringId, ...query }: Omit<HostPage, "ring"> & { ringId?: string | undefined },
) {
  const ring = ringId === undefined ? undefined : findRing(plan, ringId);
  const { rows, ...page } = await pageOfHosts(db, { ...query, ring });
  return { items: rows.map((row) => presentHost(plan, now, user, row)), ...page };
}

/** Throws not-found. */
export async function getHostUpdate(
  db: Database,
  plan: Plan,
  now: number,
  user: User,
  id: string,
): Promise<HostUpdate> {
  return presentHost(plan, now, user, await getHost(db, id));
}

async function getHost(db: Database, id: string): Promise<HostRow> {
  const row = await findHost(db, id);
  if (!row) throw new Problem("not-found", `There is no sensor ${id}`);
  return row;
}

function presentHost(plan: Plan, now: number, user: User, row: HostRow): HostUpdate {
  const { id, hostname, version, assetGroup, update } = row;
  const host = { version, assetGroupId: assetGroup?.id ?? null, update };
  const ring = ringOf(plan, host.assetGroupId);
  return {
    ...{ id, hostname, version, assetGroup, state: hostState(host) },
    ring: { id: ring.id, name: ring.name },
    target: ring.target?.version ?? null,
    method: update?.method ?? null,
    build: update?.target ?? null,
    updateVersion: update?.version ?? null,
    attempt: update?.attempt ?? null,
    since: toInstant(update?.since ?? null),
    reason: update?.reason ?? null,
    isCanary: update?.isCanary === 1,
    explanation: isGone(row)
      ? "The sensor is not offered updates: it is not enrolled, is blocked, or awaits approval."
      : explainHost(plan, now, host),
    can: permitted(user, MANAGE, ["retry"], () => retryObstacle(ring, row)),
  };
}

function retryObstacle(ring: PlannedRing, row: HostRow): string | undefined {
  if (isGone(row)) return "The sensor is not enrolled, is blocked, or awaits approval";
  return hostRetryObstacle(ring, { ...row, assetGroupId: row.assetGroup?.id ?? null });
}

const isGone = ({ standing }: HostRow) => standing !== "pending" && standing !== "reporting";

/** The host is offered the version again, also if its ring has stopped. Throws not-found, state-conflict. */
export async function retryHost(
  db: Database,
  plan: Plan,
  now: number,
  user: User,
  id: string,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const update = (await lockHostUpdate(tx, id)) ?? null;
    const row = { ...(await getHost(tx, id)), update };
    const ring = ringOf(plan, row.assetGroup?.id ?? null);
    requirePossible(retryObstacle(ring, row));
    const version = ring.target!.version;
    const attempt = Math.max(update!.attempt ?? 1, ring.run?.attempt ?? 1) + 1;
    await upsertHostUpdate(tx, { ...update!, ...offered(version, attempt, ring.id, now) });
    await recordAuditEvent(tx, {
      ...{ at: now, actor: userActor(user), action: "update-ring.host-retried" },
      entity: { type: "update-ring", id: ring.id, name: ring.name },
      details: { sensorId: id, hostname: row.hostname, version, attempt },
    });
  });
}
