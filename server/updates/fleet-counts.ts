// How far each ring got, in hosts. A job uses the counts to start the next ring where no canary can report:
// in a ring without hosts, or with fewer hosts than canaries.
import type { UpdateHostCounts } from "@attacklens/protocol/update-rings.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { passCanaries } from "./admit-host.ts";
import { type HostGroup, hostGroupSlices } from "./fleet-counts-store.ts";
import {
  hasFailed,
  isUpgrade,
  type Plan,
  type PlannedRelease,
  type PlannedRing,
  ringOf,
  runOf,
} from "./offer-rules.ts";
import type { Plans } from "./plan.ts";
import { lockRing } from "./updates-store.ts";

/** A host that was not seen for this long holds up no other ring. */
export const SILENT_AFTER_MS = 7 * 86_400_000;

export interface FleetCounts {
  at: number;
  groups: readonly HostGroup[];
}

/** A fleet that takes longer to count is counted for a tenth of the time at most. */
const QUICK_MS = 100;
const REST = 9;

/** Requests that come while the fleet is counted share the result. `elapsedMs`: a steady clock. */
export function openFleetCounts(reads: Database, now: () => number, elapsedMs = () => performance.now()) {
  let counting: Promise<FleetCounts> | undefined;
  let last: { counts: FleetCounts; until: number } | undefined;

  async function count(): Promise<FleetCounts> {
    const startedAt = elapsedMs();
    if (last && startedAt < last.until) return last.counts;
    const at = now();
    const groups: HostGroup[] = [];
    for await (const some of hostGroupSlices(reads, at - SILENT_AFTER_MS)) groups.push(...some);
    const counts = { at, groups };
    const tookMs = elapsedMs() - startedAt;
    last = tookMs < QUICK_MS ? undefined : { counts, until: elapsedMs() + REST * tookMs };
    return counts;
  }

  return (): Promise<FleetCounts> => {
    counting ??= count().finally(() => {
      counting = undefined;
    });
    return counting;
  };
}

export type CountFleet = ReturnType<typeof openFleetCounts>;

/** The most frequent version first. */
export function countVersions({ groups }: FleetCounts): { version: string; hosts: number }[] {
  const counts = new Map<string, number>();
  for (const { version, hosts } of groups) counts.set(version, (counts.get(version) ?? 0) + hosts);
  return [...counts]
    .map(([version, hosts]) => ({ version, hosts }))
    .toSorted((one, other) => other.hosts - one.hosts || (one.version < other.version ? 1 : -1));
}

/** `release`: by default the one that the ring gets. */
export function countRing(
  plan: Plan,
  ring: PlannedRing,
  groups: readonly HostGroup[],
  release: PlannedRelease | undefined = ring.target,
): UpdateHostCounts {
  const counts = { hosts: 0, updated: 0, updating: 0, failed: 0, waiting: 0, external: 0, unable: 0 };
  for (const group of groups) {
    if (ringOf(plan, group.assetGroupId) !== ring) continue;
    counts.hosts += group.hosts;
    counts[progressOf(plan, ring, group, release)] += group.hosts;
  }
  return counts;
}

function progressOf(
  plan: Plan,
  ring: PlannedRing,
  { version, method, build, updateVersion, attempt, state }: HostGroup,
  release: PlannedRelease | undefined,
): Exclude<keyof UpdateHostCounts, "hosts"> {
  if (version === release?.version) return "updated";
  if (method === null) return "unable";
  if (method !== "self") return "external";
  if (!release || !isUpgrade(plan, version, release) || !release.targets.includes(build!)) return "unable";
  const isPresent =
    updateVersion === release.version && attempt! >= (runOf(plan, ring.id, release)?.attempt ?? 1);
  if (isPresent && hasFailed(state!)) return "failed";
  return isPresent && state !== "done" ? "updating" : "waiting";
}

/**
 * Ends the wait for canaries in each ring that has enough hosts with the release, or no host that could
 * become a canary. Only hosts that were seen lately count, so that no machine in a drawer blocks the fleet.
 */
export async function passRings(
  db: Database,
  now: number,
  plans: Plans,
  countFleet: CountFleet,
): Promise<void> {
  const plan = await plans.current();
  // A paused ring holds the later ones, also if it has no hosts.
  const open = plan.rings.flatMap((ring, index) =>
    (ring.pausedAt === null ? targetsFrom(plan, index, now) : [])
      .filter((release) => !runOf(plan, ring.id, release)?.canariesDoneAt)
      .map((release) => ({ ring, release })),
  );
  if (open.length === 0) return;
  const { groups } = await countFleet();
  const active = groups.filter(({ isActive }) => isActive === 1);
  for (const { ring, release } of open) {
    if (!isProven(ring, countRing(plan, ring, active, release))) continue;
    await inTransaction(db, async (tx) => {
      if ((await lockRing(tx, ring.id))?.changedAt === ring.changedAt)
        await passCanaries(tx, now, ring.id, release);
    });
    plans.changed();
  }
}

/** The releases that this ring or a later one gets. */
function targetsFrom({ rings }: Plan, index: number, now: number): PlannedRelease[] {
  const targets = rings.slice(index).flatMap(({ target }) => target ?? []);
  return [...new Set(targets)].filter(({ expiresAt }) => expiresAt > now);
}

function isProven({ canaries }: PlannedRing, counts: UpdateHostCounts): boolean {
  const { updated, updating, waiting, failed } = counts;
  if (updated + updating + waiting + failed === 0) return true;
  return updated >= Math.max(1, Math.min(canaries, updated + updating + waiting));
}
