// What keeps a user from an action on a ring or on a host's update, in words. `can` and enforcement use it.
import type { UpdateRunTable } from "../db/schema-updates.ts";
import { hasFailed, type OfferHost, type PlannedRing } from "./offer-rules.ts";

export const RING_ACTIONS = ["edit", "delete", "move", "pause", "resume", "retry"] as const;
export type RingAction = (typeof RING_ACTIONS)[number];

/** Without a run and failures, `retry` is not possible. */
export function ringObstacles(ring: {
  isLast: boolean;
  pausedAt: number | null;
  run?: UpdateRunTable | undefined;
  failures?: number;
}): Partial<Record<RingAction, string>> {
  const { isLast, pausedAt, run, failures = 0 } = ring;
  const last = "The last ring has every host that is in no other ring, so it stays where it is";
  const obstacles = {
    edit: undefined,
    delete: isLast ? last : undefined,
    move: isLast ? last : undefined,
    pause: pausedAt === null ? undefined : "The ring is paused",
    resume: pausedAt === null ? "The ring is not paused" : undefined,
    retry: run && (run.stoppedAt !== null || failures > 0) ? undefined : "No update has failed in this ring",
  };
  return Object.fromEntries(Object.entries(obstacles).filter(([, reason]) => reason !== undefined));
}

/** Why a host's update cannot be tried again. */
export function hostRetryObstacle({ target, pausedAt }: PlannedRing, { update, version }: OfferHost) {
  if (!update || !hasFailed(update.state)) return "No update has failed on this host";
  if (!target || update.version !== target.version || version === target.version)
    return "Its ring no longer gets the version that failed";
  return pausedAt === null ? undefined : "Its ring is paused. Resume it first";
}
