// The state of rings and hosts in words: one table for each, from the rules that decide.

import { countOf } from "@attacklens/protocol/count-of.ts";
import { describeWindow } from "@attacklens/protocol/ring-settings.ts";
import type { HostUpdateState, RingState, UpdateHostCounts } from "@attacklens/protocol/update-rings.ts";
import {
  areCanariesDone,
  decide,
  type HostObstacle,
  type OfferHost,
  type Plan,
  type PlannedRing,
  ringObstacle,
  ringOf,
  runOf,
} from "./offer-rules.ts";

export function ringState(plan: Plan, now: number, ring: PlannedRing, counts: UpdateHostCounts): RingState {
  const obstacle = ringObstacle(plan, now, ring)?.type;
  const isOver = counts.waiting + counts.updating === 0;
  if (isOver && (obstacle === undefined || obstacle === "waiting" || obstacle === "window-closed"))
    return "done";
  return obstacle ?? (areCanariesDone(ring) || ring.mandatory ? "rolling-out" : "canaries");
}

export function explainRing(
  plan: Plan,
  now: number,
  ring: PlannedRing,
  state: RingState,
  counts: UpdateHostCounts,
): string {
  const version = ring.target?.version ?? "";
  const failed = ring.failures === 0 ? "" : ` ${countOf(ring.failures, "host")} failed.`;
  switch (state) {
    case "done": {
      if (counts.hosts === 0) return "The ring has no hosts.";
      const left = counts.hosts - counts.updated;
      if (left === 0) return `${countOf(counts.hosts, "host runs", "hosts run")} ${version}.`;
      return `Every host that can update runs ${version}: ${counts.updated} of ${counts.hosts}.${failed}`;
    }
    case "canaries":
      return `${ring.canariesDone} of ${countOf(ring.canaries, "canary", "canaries")} done.${failed}`;
    case "rolling-out":
      return `${counts.updated} of ${countOf(counts.hosts, "host")} ${counts.updated === 1 ? "runs" : "run"} ${version}.${failed}`;
    case "paused":
      return `Paused by ${ring.pausedBy ?? "a deleted user"}. Resume the ring to offer updates again.`;
    case "stopped":
      return `${countOf(ring.failures, "host")} failed with ${version}. Add a newer release, or fix the cause and try again.`;
    default:
      return explainObstacle(plan, ring, ringObstacle(plan, now, ring) ?? { type: "up-to-date" });
  }
}

export function explainHost(plan: Plan, now: number, host: OfferHost): string {
  const ring = ringOf(plan, host.assetGroupId);
  const decision = decide(plan, now, host);
  if (decision.type === "none") return explainObstacle(plan, ring, decision.why);
  const version = ring.target?.version;
  if (decision.type === "admit") return `The host is offered ${version} at its next check-in.`;
  if (host.update?.state === "failed") return `The sensor tries ${version} again automatically.`;
  return `The host was offered ${version}, and reports how far it got.`;
}

/** Of a host, in one column of the list. */
export function hostState({ update }: OfferHost): HostUpdateState {
  return update?.state ?? "unknown";
}

function explainObstacle(plan: Plan, ring: PlannedRing, obstacle: HostObstacle): string {
  const version = ring.target?.version ?? "";
  switch (obstacle.type) {
    case "up-to-date":
      return "The host runs the version of its ring.";
    case "paused":
      return `Ring "${ring.name}" is paused. Resume it to offer updates again.`;
    case "no-release":
      return ring.version === null
        ? "No release is stored. Add one on the server's host: attacklens releases add FOLDER"
        : `No server stores the pinned version ${ring.version}. Add it, or pin another version.`;
    case "release-expired":
      return `The signature of release ${version} has expired, so no sensor accepts it. Add a newer release.`;
    case "stopped":
      return `Ring "${ring.name}" has stopped after failures with ${version}.`;
    case "waiting":
      return `Waits for ring "${obstacle.for.name}"${waitsFor(plan, ring, obstacle.for)}.`;
    case "window-closed":
      return `Hosts start to update ${describeWindow(ring)}.`;
    case "external":
      return "The host is not updated by the sensor. Update it in the way in which it was installed.";
    case "unknown":
      return "The sensor has not reported how it is updated. Sensors report it when they start.";
    case "newer":
      return `The host runs a newer release than ${version}. To go back, sign ${version} again with a higher counter, and add it.`;
    case "no-build":
      return `Release ${version} has no build for this host.`;
    case "not-here":
      return `This server does not store the build of ${version} for this host. Add it: attacklens releases add FOLDER`;
    case "failed":
      return `${version} failed on this host, so it is not offered again. Fix the cause and try again, or add a newer release.`;
    case "canaries":
      return `The canaries of ring "${ring.name}" update first.`;
  }
}

/** Why the earlier ring has not passed the release. */
function waitsFor(plan: Plan, ring: PlannedRing, earlier: PlannedRing): string {
  const { target } = ring;
  const run = target && runOf(plan, earlier.id, target);
  if (run?.stoppedAt != null) return ", which has stopped";
  if (run?.canariesDoneAt != null)
    return `, whose soak time of ${countOf(earlier.soakMinutes, "minute")} is not over`;
  if (earlier.pausedAt !== null) return ", which is paused";
  if (earlier.target?.version !== target?.version)
    return `, which does not get ${target?.version}: it is pinned to ${earlier.version}`;
  return ", whose canaries have not succeeded yet";
}
