// Updates in the API for users: rings of asset groups, the stored releases, and the update of each host. The
// contract with the sensor is updates.ts.

import { z } from "zod";
import { auditEvent, historyQuery } from "./audit-events.ts";
import { assetGroupId, sensorId, updateRingId } from "./ids.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { releaseVersion } from "./releases/release.ts";
import { newRingSettingsShape, ringSettingsShape } from "./ring-settings.ts";
import { route } from "./route.ts";
import { instant, label } from "./text.ts";
import { UPDATE_METHODS, UPDATE_STATES } from "./updates.ts";

export const MAX_RINGS = 50;
export const MAX_RING_GROUPS = 500;
/** Hosts that start an update in a minute, of all rings together. */
export const OFFERS_PER_MINUTE = 100;
/** Signed releases that expire within this time are shown with a warning. */
export const EXPIRES_SOON_DAYS = 14;

/** The state of a ring, in order of precedence. */
export const RING_STATES = [
  "paused",
  "no-release",
  "release-expired",
  "stopped",
  "done",
  "waiting",
  "window-closed",
  "canaries",
  "rolling-out",
] as const;
export type RingState = (typeof RING_STATES)[number];

/** How a host is updated, and how far it got with its latest update. */
export const HOST_UPDATE_STATES = [
  /** Has not reported how it is updated. */
  "unknown",
  /** No update was offered to it yet. */
  "none",
  "offered",
  ...UPDATE_STATES,
  ...UPDATE_METHODS.filter((method) => method !== "self"),
] as const;
export type HostUpdateState = (typeof HOST_UPDATE_STATES)[number];

const hostCounts = z
  .object({
    hosts: z.int().meta({ description: "Enrolled hosts of the ring" }),
    updated: z.int().meta({ description: "Run the ring's version" }),
    updating: z.int().meta({ description: "Were offered it, and are not done" }),
    failed: z.int().meta({ description: "Failed with it, rolled it back, or skip it" }),
    waiting: z.int().meta({ description: "Will be offered it" }),
    external: z.int().meta({ description: "Are updated by something else, or by hand" }),
    unable: z.int().meta({
      description:
        "Run a newer version, have no build, or have not reported how they are updated, so nothing is offered",
    }),
  })
  .meta({ id: "UpdateHostCounts" });
export type UpdateHostCounts = z.infer<typeof hostCounts>;

export const updateRing = z
  .object({
    id: updateRingId,
    name: z.string(),
    isLast: z.boolean().meta({ description: "The ring of every host that is in no other ring" }),
    assetGroups: z.array(reference(assetGroupId)),
    ...ringSettingsShape,
    pausedAt: instant.nullable(),
    pausedBy: z.string().nullable().meta({ description: "Name of the user" }),
    target: releaseVersion.nullable().meta({ description: "The version that the ring gets; null: none" }),
    attempt: z.int().meta({ description: "Raised each time that failed hosts are asked to try again" }),
    state: z.enum(RING_STATES),
    explanation: z.string().meta({ description: "The state as a sentence, with the next step" }),
    opensAt: instant.nullable().meta({ description: "When the days and hours begin; null: they apply now" }),
    startedAt: instant.nullable().meta({ description: "When the first host was offered the version" }),
    canariesDoneAt: instant.nullable(),
    stoppedAt: instant.nullable(),
    canariesDone: z.int(),
    failures: z.int().meta({ description: "Hosts whose update failed in this attempt" }),
    hosts: hostCounts,
    can: z.object({ edit: can, delete: can, move: can, pause: can, resume: can, retry: can }),
  })
  .meta({ id: "UpdateRing" });
export type UpdateRing = z.infer<typeof updateRing>;

const storedRelease = z.object({
  version: releaseVersion,
  counter: z.int(),
  created: instant,
  expires: instant,
  isExpired: z.boolean(),
  expiresSoon: z.boolean(),
  isHere: z.boolean().meta({ description: "This server stores it. Others may store more" }),
  targets: z.array(z.string()).meta({ description: "Builds of the sensor", example: ["linux-x64"] }),
});
export type StoredRelease = z.infer<typeof storedRelease>;

const fleetVersion = z.object({ version: z.string(), hosts: z.int() });

export const hostUpdate = z
  .object({
    id: sensorId,
    hostname: z.string(),
    version: z.string().meta({ description: "That the host runs" }),
    assetGroup: reference(assetGroupId).nullable(),
    ring: reference(updateRingId),
    target: releaseVersion.nullable().meta({ description: "Version that its ring gets" }),
    method: z.enum(UPDATE_METHODS).nullable().meta({ description: "null: not reported yet" }),
    build: z.string().nullable().meta({ example: "linux-x64-musl" }),
    state: z.enum(HOST_UPDATE_STATES),
    updateVersion: z.string().nullable().meta({ description: "Of its latest update" }),
    attempt: z.int().nullable(),
    since: instant.nullable().meta({ description: "When it entered the state" }),
    reason: z.string().nullable().meta({ description: "Why it was rolled back, skipped or failed" }),
    isCanary: z.boolean(),
    explanation: z.string().meta({ description: "What happens next, or why nothing happens" }),
    can: z.object({ retry: can }),
  })
  .meta({ id: "HostUpdate" });
export type HostUpdate = z.infer<typeof hostUpdate>;

const base = "/api/v1/update-rings";
const params = z.strictObject({ id: updateRingId });
const read = { access: "updates:read", tag: "Updates", method: "GET", status: 200 } as const;
const act = { access: "updates:manage", tag: "Updates", method: "POST", status: 200 } as const;
const problems = ["state-conflict"] as const;

export const getUpdates = route({
  ...read,
  name: "updates.get",
  path: "/api/v1/updates",
  summary: "Get the stored releases, the versions across the fleet, and the rings in their order",
  output: z.object({
    releases: z.array(storedRelease).meta({ description: "The newest first" }),
    versions: z.array(fleetVersion).meta({ description: "The most frequent first" }),
    rings: z.array(updateRing),
    countedAt: instant.meta({ description: "When the hosts were counted" }),
    can: z.object({ create: can, reorder: can }),
  }),
});

export const listUpdateHosts = route({
  ...read,
  name: "updates.listHosts",
  path: "/api/v1/updates/hosts",
  summary: "List the hosts with the state of their updates",
  query: pageQuery(["hostname"]).extend({
    state: z.enum(HOST_UPDATE_STATES).optional(),
    version: z.string().max(40).optional().meta({ description: "That the host runs" }),
    ringId: updateRingId.optional(),
  }),
  output: page(hostUpdate),
});

export const listUpdateEvents = route({
  ...read,
  name: "updates.listEvents",
  path: "/api/v1/updates/events",
  summary: "List the audit events of all rings, newest first",
  query: historyQuery,
  output: page(auditEvent),
});

export const getHostUpdate = route({
  ...read,
  name: "updates.getHost",
  path: "/api/v1/sensors/{id}/update",
  summary: "Get the state of a host's updates",
  params: z.strictObject({ id: sensorId }),
  output: hostUpdate,
});

export const retryHostUpdate = route({
  ...act,
  name: "updates.retryHost",
  path: "/api/v1/sensors/{id}/update/retry",
  summary: "Offer a host the version again with which its update failed, also if its ring has stopped",
  params: z.strictObject({ id: sensorId }),
  output: hostUpdate,
  problems,
});

export const getUpdateRing = route({
  ...read,
  name: "updateRings.get",
  path: `${base}/{id}`,
  summary: "Get a ring",
  params,
  output: updateRing,
});

const ringBody = {
  name: label,
  assetGroupIds: z
    .array(assetGroupId)
    .max(MAX_RING_GROUPS, `must be at most ${MAX_RING_GROUPS} groups`)
    .meta({
      description: "A group that is in another ring moves to this one",
    }),
};

export const createUpdateRing = route({
  ...act,
  name: "updateRings.create",
  path: base,
  summary: "Create a ring, in front of the last one",
  body: z.strictObject({ ...ringBody, ...newRingSettingsShape }),
  creates: true,
  status: 201,
  output: updateRing,
  problems: ["name-taken", "state-conflict"],
});

export const updateUpdateRing = route({
  ...act,
  name: "updateRings.update",
  method: "PATCH",
  path: `${base}/{id}`,
  summary: "Change a ring. The last ring keeps its name and has no asset groups",
  params,
  body: z.strictObject({ ...ringBody, ...ringSettingsShape }).partial(),
  output: updateRing,
  problems: ["name-taken", "state-conflict"],
});

export const orderUpdateRings = route({
  ...act,
  name: "updateRings.order",
  method: "PUT",
  path: base,
  summary: "Set the order of the rings. The last one stays the last",
  body: z.strictObject({
    ids: z.array(updateRingId).max(MAX_RINGS).meta({ description: "Every ring but the last one" }),
  }),
  status: 204,
  problems,
});

export const pauseUpdateRing = route({
  ...act,
  name: "updateRings.pause",
  path: `${base}/{id}/pause`,
  summary: "Offer no updates to a ring, also not to hosts that were offered one and are not done",
  params,
  output: updateRing,
  problems,
});

export const resumeUpdateRing = route({
  ...act,
  name: "updateRings.resume",
  path: `${base}/{id}/resume`,
  summary: "Offer updates to a paused ring again",
  params,
  output: updateRing,
  problems,
});

export const retryUpdateRing = route({
  ...act,
  name: "updateRings.retry",
  path: `${base}/{id}/retry`,
  summary: "Offer the version again to the hosts of a ring where it failed, and start a stopped ring again",
  params,
  output: updateRing,
  problems,
});

export const deleteUpdateRing = route({
  ...act,
  name: "updateRings.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  summary: "Delete a ring. Its asset groups belong to the last ring from then on",
  params,
  status: 204,
  problems,
});
