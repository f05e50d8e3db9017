// Update rings: create, change, order, pause and delete them, and try a failed update again.
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import {
  DEFAULT_RING_SETTINGS,
  pickRingSettings,
  RING_SETTING_NAMES,
  type RingSettings,
} from "@attacklens/protocol/ring-settings.ts";
import { MAX_RINGS } from "@attacklens/protocol/update-rings.ts";
import { recordAuditEvent, recordAuditEvents, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { nameKey } from "../ids.ts";
import { requirePossible } from "../permitted.ts";
import { highestAttempt } from "./host-updates-store.ts";
import type { Plan, PlannedRing } from "./offer-rules.ts";
import { stopAfterFailures } from "./record-update.ts";
import { ringObstacles } from "./ring-obstacles.ts";
import {
  insertRing,
  listGroupNames,
  listRingGroups,
  lockRing,
  lockRings,
  type RingRow,
  removeRing,
  ringColumns,
  setRingGroups,
  updateRing,
  updateRun,
} from "./updates-store.ts";

export interface RingInput extends RingSettings {
  name: string;
  assetGroupIds: string[];
}

/** Returns its id. Throws name-taken, input-invalid, state-conflict. */
export async function createRing(
  db: Database,
  now: number,
  user: User,
  plan: Plan,
  { name, assetGroupIds, ...settings }: RingInput,
  idempotency?: IdempotentRequest,
): Promise<string> {
  requireStored(plan, settings.version, null);
  return await refuseTakenName(name, () =>
    createOnce(db, now, idempotency, {
      noun: "updateRing",
      async create(tx, id) {
        const rings = await lockRings(tx);
        if (rings.length >= MAX_RINGS)
          throw new Problem("state-conflict", `Cannot create the ring: there are ${MAX_RINGS} already`);
        const groups = await requireGroups(tx, assetGroupIds);
        const positions = rings.flatMap((ring) => (ring.isLast ? [] : ring.position));
        const columns = ringColumns({ ...DEFAULT_RING_SETTINGS, ...settings });
        await insertRing(tx, {
          ...(columns as Required<typeof columns>),
          ...{ id, name, nameKey: nameKey(name), isLast: 0, changedAt: now },
          position: Math.max(-1, ...positions) + 1,
          ...{ pausedAt: null, pausedBy: null },
        });
        await moveGroups(tx, now, user, id, assetGroupIds);
        await recordAuditEvent(tx, {
          ...{ at: now, actor: userActor(user), action: "update-ring.created" },
          entity: { type: "update-ring", id, name },
          details: { after: { name, assetGroups: groups, ...(settings as unknown as Record<string, Json>) } },
        });
        return id;
      },
      async repeat(tx, id) {
        if (!(await lockRing(tx, id))) throw cannotRepeat("ring", "was deleted");
        return id;
      },
    }),
  );
}

/** Throws not-found, name-taken, input-invalid, state-conflict. */
export async function changeRing(
  db: Database,
  now: number,
  user: User,
  plan: Plan,
  id: string,
  input: Partial<RingInput>,
): Promise<void> {
  const { assetGroupIds, name, ...settings } = input;
  await refuseTakenName(name ?? "", () =>
    inTransaction(db, async (tx) => {
      const ring = await getLocked(tx, id);
      requireStored(plan, settings.version, ring.version);
      if (ring.isLast && ((name ?? ring.name) !== ring.name || (assetGroupIds ?? []).length > 0))
        throw new Problem(
          "state-conflict",
          "The last ring keeps its name, and has every host of no other ring",
        );
      const { before, after } = await changesOf(tx, ring, input);
      if (Object.keys(after).length === 0) return;
      await updateRing(tx, id, {
        ...ringColumns(settings),
        ...(name !== undefined && { name, nameKey: nameKey(name) }),
        changedAt: now,
      });
      if (assetGroupIds && !ring.isLast) await moveGroups(tx, now, user, id, assetGroupIds);
      await recordAuditEvent(tx, {
        ...{ at: now, actor: userActor(user), action: "update-ring.changed" },
        entity: { type: "update-ring", id, name: name ?? ring.name },
        details: { before, after },
      });
      const run = plan.rings.find((one) => one.id === id)?.run;
      if (run) await stopAfterFailures(tx, now, { ...ring, ...settings }, run);
    }),
  );
}

/** What differs, by setting. */
async function changesOf(tx: Database, ring: RingRow, input: Partial<RingInput>) {
  const names = async (ids: string[]) => await requireGroups(tx, ids);
  const own = (await listRingGroups(tx)).filter(({ ringId }) => ringId === ring.id);
  const old: Record<string, Json> = { name: ring.name, ...(pickRingSettings(ring) as Record<string, Json>) };
  const given: Record<string, Json | undefined> = { ...(input as Record<string, Json>) };
  old.assetGroups = own.map((group) => group.name).toSorted();
  if (input.assetGroupIds) given.assetGroups = await names(input.assetGroupIds);
  const changed = ["name", "assetGroups", ...RING_SETTING_NAMES].filter(
    (key) => given[key] !== undefined && JSON.stringify(given[key]) !== JSON.stringify(old[key]),
  );
  return {
    before: Object.fromEntries(changed.map((key) => [key, old[key]!])),
    after: Object.fromEntries(changed.map((key) => [key, given[key]!])),
  };
}

/** Rings that lose a group to this one change too, which their audit events say. */
async function moveGroups(
  tx: Database,
  now: number,
  user: User,
  ringId: string,
  groupIds: string[],
): Promise<void> {
  const others = (await listRingGroups(tx)).filter((group) => group.ringId !== ringId);
  const losers = new Set(others.filter(({ id }) => groupIds.includes(id)).map((group) => group.ringId));
  const rings = losers.size === 0 ? [] : await lockRings(tx);
  await setRingGroups(tx, ringId, [...new Set(groupIds)]);
  const events = [];
  for (const { id, name } of rings.filter((one) => losers.has(one.id))) {
    await updateRing(tx, id, { changedAt: now });
    const groups = others.filter((group) => group.ringId === id);
    const left = groups.filter((group) => !groupIds.includes(group.id));
    events.push({
      ...{ at: now, actor: userActor(user), action: "update-ring.changed" as const },
      entity: { type: "update-ring" as const, id, name },
      details: {
        before: { assetGroups: groups.map((group) => group.name) },
        after: { assetGroups: left.map((group) => group.name) },
      },
    });
  }
  await recordAuditEvents(tx, events);
}

/** `ids`: every ring but the last one. Throws state-conflict. */
export async function orderRings(db: Database, now: number, user: User, ids: string[]): Promise<void> {
  await inTransaction(db, async (tx) => {
    const rings = (await lockRings(tx)).filter(({ isLast }) => !isLast);
    if (
      rings
        .map(({ id }) => id)
        .toSorted()
        .join() !== ids.toSorted().join()
    )
      throw new Problem(
        "state-conflict",
        "Cannot order the rings: rings were created or deleted meanwhile. Load the rings again",
      );
    const before = rings.map(({ name }) => name);
    const moved = rings.filter(({ id }, position) => ids.indexOf(id) !== position);
    if (moved.length === 0) return;
    // The others keep their time of change, which decides for how long days and hours apply.
    for (const { id } of moved) await updateRing(tx, id, { position: ids.indexOf(id), changedAt: now });
    const after = ids.map((id) => rings.find((ring) => ring.id === id)!.name);
    await recordAuditEvent(tx, {
      ...{ at: now, actor: userActor(user), action: "update-ring.moved" },
      entity: { type: "update-ring", id: moved[0]!.id, name: moved[0]!.name },
      details: { before: { order: before }, after: { order: after } },
    });
  });
}

/** Throws not-found, state-conflict. */
export async function setRingPaused(
  db: Database,
  now: number,
  user: User,
  id: string,
  isPaused: boolean,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const ring = await getLocked(tx, id);
    requirePossible(ringObstacles(ring)[isPaused ? "pause" : "resume"]);
    const columns = isPaused ? { pausedAt: now, pausedBy: user.id } : { pausedAt: null, pausedBy: null };
    await updateRing(tx, id, { ...columns, changedAt: now });
    await recordAuditEvent(tx, {
      ...{ at: now, actor: userActor(user) },
      action: isPaused ? "update-ring.paused" : "update-ring.resumed",
      entity: { type: "update-ring", id, name: ring.name },
    });
  });
}

/** Raises the attempt, so that failures count from zero. Throws not-found, state-conflict. */
export async function retryRing(db: Database, now: number, user: User, ring: PlannedRing): Promise<void> {
  await inTransaction(db, async (tx) => {
    await getLocked(tx, ring.id);
    requirePossible(ringObstacles(ring).retry);
    const run = ring.run!;
    const attempt = Math.max(run.attempt, await highestAttempt(tx, ring.id, run.version)) + 1;
    await updateRun(tx, run, { attempt, stoppedAt: null, changedAt: now });
    await recordAuditEvent(tx, {
      ...{ at: now, actor: userActor(user), action: "update-ring.retried" },
      entity: { type: "update-ring", id: ring.id, name: ring.name },
      details: { version: run.version, attempt, failures: ring.failures },
    });
  });
}

/** Its groups belong to the last ring from then on. Throws not-found, state-conflict. */
export async function deleteRing(db: Database, now: number, user: User, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const ring = await getLocked(tx, id);
    requirePossible(ringObstacles(ring).delete);
    const groups = (await listRingGroups(tx)).filter(({ ringId }) => ringId === id);
    await removeRing(tx, id);
    await recordAuditEvent(tx, {
      ...{ at: now, actor: userActor(user), action: "update-ring.deleted" },
      entity: { type: "update-ring", id, name: ring.name },
      details: { before: { name: ring.name, assetGroups: groups.map(({ name }) => name) } },
    });
  });
}

async function getLocked(tx: Database, id: string): Promise<RingRow> {
  const ring = await lockRing(tx, id);
  if (!ring) throw ringNotFound(id);
  return ring;
}

export function ringNotFound(id: string): Problem {
  return new Problem("not-found", `There is no update ring ${id}`);
}

/** A pin that was valid stays valid, also if its release was removed. */
function requireStored({ releases }: Plan, version: string | null | undefined, before: string | null): void {
  if (version == null || version === before || releases.some((one) => one.version === version)) return;
  const stored = releases.map((one) => one.version).join(", ") || "none";
  const message = `is not the version of a stored release (${stored})`;
  throw new Problem("input-invalid", `Cannot pin the ring: version ${message}`, {
    fields: { version: message },
  });
}

/** Returns their names. Throws input-invalid. */
async function requireGroups(tx: Database, ids: string[]): Promise<string[]> {
  const groups = await listGroupNames(tx, ids);
  if (groups.length === new Set(ids).size) return groups.map(({ name }) => name).toSorted();
  const message = "has an asset group that does not exist";
  throw new Problem("input-invalid", `Cannot set the asset groups: assetGroupIds ${message}`, {
    fields: { assetGroupIds: message },
  });
}

async function refuseTakenName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Another ring is named "${name}"`, {
      cause: error,
      fields: { name: "is already in use by another ring" },
      extras: { name },
    });
  }
}
