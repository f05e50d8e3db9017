// Decides whether a host is offered the release of its ring, without a query. Each refusal is a state that
// the console shows with its reason.
import type { RingSettings } from "@attacklens/protocol/ring-settings.ts";
import type { SensorUpdateTable, UpdateRunTable } from "../db/schema-updates.ts";
import { isOpen, type Opening } from "./update-window.ts";

/** Days and hours apply for this long. Then the hosts that missed each window update when they come. */
export const LATE_AFTER_MS = 7 * 86_400_000;

export interface PlannedRelease {
  version: string;
  counter: number;
  createdAt: number;
  expiresAt: number;
  /** The sensor's builds of the release. */
  targets: readonly string[];
  /** The builds that this server stores. */
  targetsHere: readonly string[];
}

export interface PlannedRing extends RingSettings {
  id: string;
  name: string;
  isLast: boolean;
  assetGroups: { id: string; name: string }[];
  pausedAt: number | null;
  pausedBy: string | null;
  changedAt: number;
  openings: readonly Opening[];
  /** Absent: no release is stored, or not the pinned one. */
  target: PlannedRelease | undefined;
  /** Of the target. Absent: it was offered to no host. */
  run: UpdateRunTable | undefined;
  /** Canaries that are done, or are expected to be. */
  canariesTaken: number;
  canariesDone: number;
  failures: number;
  /** A host was offered the target and is not done. */
  isInProgress: boolean;
}

export interface Plan {
  /** In their order. */
  rings: readonly PlannedRing[];
  runs: readonly UpdateRunTable[];
  releases: readonly PlannedRelease[];
  /** The counter of each version that any server has stored. */
  counters: ReadonlyMap<string, number>;
}

/** What the decision needs about a host. */
export interface OfferHost {
  version: string;
  assetGroupId: string | null;
  /** Null: it has not reported how it is updated. */
  update: SensorUpdateTable | null;
}

/** What keeps a whole ring from being offered its release. */
export type RingObstacle =
  | { type: "paused" }
  | { type: "no-release" }
  | { type: "release-expired" }
  | { type: "stopped" }
  | { type: "waiting"; for: PlannedRing }
  | { type: "window-closed" };

export type HostObstacle =
  | RingObstacle
  | { type: "up-to-date" }
  | { type: "external" }
  | { type: "unknown" }
  | { type: "newer" }
  | { type: "no-build" }
  | { type: "not-here" }
  | { type: "failed" }
  | { type: "canaries" };

export type Decision =
  /** It was admitted before: the same offer again, without a write. */
  | { type: "repeat"; attempt: number }
  | { type: "admit"; attempt: number }
  | { type: "none"; why: HostObstacle };

export function ringOf({ rings }: Plan, assetGroupId: string | null): PlannedRing {
  const own = rings.find(({ assetGroups }) => assetGroups.some(({ id }) => id === assetGroupId));
  return own ?? rings.at(-1)!;
}

/** Without a query, for most check-ins: false if no ring has anything for a host with this version now. */
export function mayOffer(plan: Plan, now: number, version: string): boolean {
  return plan.rings.some((ring) => {
    if (!ring.target || ring.target.version === version) return false;
    const obstacle = ringObstacle(plan, now, ring)?.type;
    if (obstacle === undefined) return true;
    // Some of these obstacles do not hold for hosts that have begun, or that an operator asked to try again.
    return ring.isInProgress && ["stopped", "waiting", "window-closed"].includes(obstacle);
  });
}

const FAILED: readonly string[] = ["failed", "rolled-back", "skipped"];
/** A sensor that failed before it replaced anything tries again while it is offered the release. */
const BEGUN: readonly string[] = ["downloading", "verified", "trial", "failed"];

export function hasFailed(state: string): boolean {
  return FAILED.includes(state);
}

export function decide(plan: Plan, now: number, host: OfferHost): Decision {
  const ring = ringOf(plan, host.assetGroupId);
  const { target } = ring;
  const { update } = host;
  const none = (why: HostObstacle): Decision => ({ type: "none", why });
  if (target?.version === host.version) return none({ type: "up-to-date" });
  if (!update) return none({ type: "unknown" });
  if (update.method !== "self") return none({ type: "external" });
  if (!target) return none({ type: ring.pausedAt === null ? "no-release" : "paused" });
  if (!isUpgrade(plan, host.version, target)) return none({ type: "newer" });
  if (!target.targets.includes(update.target)) return none({ type: "no-build" });
  if (!target.targetsHere.includes(update.target)) return none({ type: "not-here" });
  const runAttempt = ring.run?.attempt ?? 1;
  const own = update.version === target.version ? update : undefined;
  const attempt = Math.max(runAttempt, own?.attempt ?? 1);
  const isOver = own && ["rolled-back", "skipped"].includes(own.state);
  if (isOver && own.attempt === attempt) return none({ type: "failed" });
  const isAdmitted = own?.ringId === ring.id && own.attempt === attempt && own.offeredAt !== null;
  const isInProgress = isAdmitted && (own.state === "offered" || BEGUN.includes(own.state));
  // An operator asked this host to try again.
  const isRetry = isInProgress && attempt > runAttempt;
  const obstacle = ringObstacle(plan, now, ring);
  if (obstacle && !(isRetry && ["stopped", "waiting"].includes(obstacle.type))) {
    const mayFinish = obstacle.type === "window-closed" && isInProgress && BEGUN.includes(own.state);
    if (!mayFinish) return none(obstacle);
  }
  if (isInProgress) return { type: "repeat", attempt };
  if (!areCanariesDone(ring) && !ring.mandatory && ring.canariesTaken >= ring.canaries)
    return none({ type: "canaries" });
  return { type: "admit", attempt };
}

/** Undefined: the ring's hosts, or its canaries, are offered the release now. */
export function ringObstacle(plan: Plan, now: number, ring: PlannedRing): RingObstacle | undefined {
  const { target } = ring;
  if (ring.pausedAt !== null) return { type: "paused" };
  if (!target) return { type: "no-release" };
  if (target.expiresAt <= now) return { type: "release-expired" };
  if (ring.run?.stoppedAt != null) return { type: "stopped" };
  if (ring.mandatory) return undefined;
  const earlier = plan.rings.slice(0, plan.rings.indexOf(ring));
  const open = earlier.find((one) => !hasPassed(one, runOf(plan, one.id, target), now));
  if (open) return { type: "waiting", for: open };
  return isOpen(ring.openings, now) || isLate(plan, now, ring) ? undefined : { type: "window-closed" };
}

/** The canaries succeeded, no stop followed, and the soak time is over. */
export function hasPassed(
  { soakMinutes }: Pick<RingSettings, "soakMinutes">,
  run: UpdateRunTable | undefined,
  now: number,
): boolean {
  if (!run || run.canariesDoneAt === null || run.stoppedAt !== null) return false;
  return now >= run.canariesDoneAt + soakMinutes * 60_000;
}

export function runOf(plan: Plan, ringId: string, release: PlannedRelease): UpdateRunTable | undefined {
  return plan.runs.find((run) => isRunOf(run, ringId, release));
}

/** A release that was signed again with the same version is another one. */
export function isRunOf(run: UpdateRunTable, ringId: string, release: PlannedRelease): boolean {
  return run.ringId === ringId && run.version === release.version && run.counter === release.counter;
}

export function areCanariesDone({ run }: PlannedRing): boolean {
  return run != null && run.canariesDoneAt !== null;
}

/** A change, a stop or a pause starts the time again: the windows since then count. */
function isLate(plan: Plan, now: number, ring: PlannedRing): boolean {
  if (!areCanariesDone(ring)) return false;
  const upToHere = plan.rings.slice(0, plan.rings.indexOf(ring) + 1);
  const changes = upToHere.flatMap(({ id, changedAt }) => [
    changedAt,
    (ring.target && runOf(plan, id, ring.target)?.changedAt) ?? 0,
  ]);
  return now - Math.max(...changes) > LATE_AFTER_MS;
}

/**
 * A sensor accepts no release with a lower counter than its present release. Without it, the version
 * decides. A build that is not a release is left alone.
 */
export function isUpgrade(plan: Plan, from: string, to: PlannedRelease): boolean {
  const counter = plan.counters.get(from);
  if (counter !== undefined) return to.counter > counter;
  const order = compareVersions(to.version, from);
  return order !== undefined && order > 0;
}

/** Undefined: one of them is not the version of a release. */
export function compareVersions(one: string, other: string): number | undefined {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  if (!left || !right) return undefined;
  const index = left.findIndex((number, at) => number !== right[at]);
  return index === -1 ? 0 : left[index]! - right[index]!;
}

function numbersOf(version: string): number[] | undefined {
  return /^\d{4}\.\d{1,2}\.\d{1,4}$/.test(version) ? version.split(".").map(Number) : undefined;
}
