// Sensors as the console and automation see them.
import { z } from "zod";
import { comparedFact } from "./compared-facts.ts";
import { assetGroupId, assetId, enrollmentTokenId, sensorId } from "./ids.ts";
import { CATEGORY_ITEMS, category } from "./inventory/categories.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

/** In the order in which they are decided. */
export const SENSOR_STATUSES = [
  "removed",
  "replaced",
  "uninstalled",
  "blocked",
  "awaiting-approval",
  "pending",
  "online",
  "offline",
] as const;
export type SensorStatus = (typeof SENSOR_STATUSES)[number];

export const sensor = z
  .object({
    id: sensorId,
    hostname: z.string(),
    admittedHostname: z.string().meta({
      description: "Hostname at enrollment or approval; differs from `hostname` after the host was renamed",
      example: "web-07",
    }),
    isHostnameAllowed: z.boolean().meta({
      description: "false: the host was renamed, and its enrollment token does not allow the current name",
    }),
    status: z.enum(SENSOR_STATUSES).meta({
      description:
        "removed: ephemeral, and its time offline was over; uninstalled: it was unenrolled; blocked, awaiting-approval: by a person, for a person; pending: no inventory yet; online: seen within three check-in intervals; offline: not",
    }),
    platform: z.enum(["linux", "windows", "darwin"]),
    os: z.object({ name: z.string(), version: z.string() }),
    architecture: z.string().meta({ example: "amd64" }),
    version: z.string().meta({ example: "2026.11.0" }),
    address: z.string().meta({ description: "Where its last request came from, as the server saw it" }),
    enrolledAt: instant,
    enrolledBy: z
      .object({ id: enrollmentTokenId, name: z.string(), deleted: z.boolean() })
      .meta({ description: "The enrollment token" }),
    lastSeenAt: instant,
    asset: reference(assetId),
    assetGroup: reference(assetGroupId).nullable(),
    fingerprint: z.string().meta({
      description: "Of its public key, four words; the sensor prints the same",
      example: "lusab-babad-gutih-tugad",
    }),
    tags: z.array(z.string()).meta({ description: "Of its asset" }),
    ephemeralHours: z
      .int()
      .nullable()
      .meta({ description: "Removed after so many hours offline; null: never" }),
    approvedAt: instant.nullable().meta({ description: "null: waits for approval, or needed none" }),
    approvedBy: z.string().nullable(),
    blockedAt: instant.nullable(),
    blockedBy: z.string().nullable(),
    uninstalledAt: instant
      .nullable()
      .meta({ description: "When the sensor was unenrolled; null: it was not" }),
    removedAt: instant.nullable().meta({ description: "When it was removed as ephemeral" }),
    keyChangedAt: instant.meta({ description: "Since when it has its key" }),
    cloneOf: reference(sensorId)
      .extend({ deleted: z.boolean() })
      .nullable()
      .meta({ description: "The sensor whose key its host held before, e.g. as a clone of its disk" }),
    match: z
      .object({
        sensor: reference(sensorId),
        lastSeenAt: instant,
        isCertain: z.boolean().meta({ description: "No hardware fact differs" }),
        facts: z.array(comparedFact),
      })
      .nullable()
      .meta({
        description:
          "A silent sensor of the same asset group on whose hardware this one runs, it seems: two hardware facts agree at least. null: none, or a person has decided",
      }),
    replacedBy: reference(sensorId)
      .nullable()
      .meta({ description: "The sensor that goes on with its history" }),
    replacedAt: instant.nullable(),
    can: z.object({
      approve: can,
      block: can,
      unblock: can,
      delete: can,
      reEnroll: can,
      merge: can.meta({ description: "With the sensor that it looks like" }),
      dismissMatch: can,
      undoMerge: can.meta({ description: "From the sensor that replaced it" }),
    }),
  })
  .meta({ id: "Sensor" });
export type Sensor = z.infer<typeof sensor>;

const params = z.strictObject({ id: sensorId });
const base = "/api/v1/sensors";

export const listSensors = route({
  name: "sensors.list",
  method: "GET",
  path: base,
  access: "sensors:read",
  tag: "Sensors",
  summary: "List sensors",
  query: pageQuery(["hostname", "lastSeenAt", "enrolledAt"]).extend({
    status: z.enum(SENSOR_STATUSES).optional(),
    platform: z.enum(["linux", "windows", "darwin"]).optional(),
    enrollmentTokenId: enrollmentTokenId.optional(),
    assetGroupId: assetGroupId.optional(),
    match: z
      .enum(["any"])
      .optional()
      .meta({ description: "Only sensors that look like a silent one, installed anew" }),
  }),
  status: 200,
  output: page(sensor),
});

export const getSensor = route({
  name: "sensors.get",
  method: "GET",
  path: `${base}/{id}`,
  access: "sensors:read",
  tag: "Sensors",
  summary: "Get a sensor, and how each category of its inventory stands",
  params,
  status: 200,
  output: sensor.extend({
    clones: z
      .array(
        z.object({
          hostname: z.string(),
          address: z.string(),
          firstSeenAt: instant,
          differs: z
            .array(z.string())
            .meta({ description: "Host facts that differ from the sensor's", example: ["mac-address"] }),
          sensor: reference(sensorId)
            .nullable()
            .meta({ description: "What it became; null: it was not let in" }),
        }),
      )
      .meta({ description: "Hosts that held this sensor's key too, the latest first, 100 at the most" }),
    replaces: z
      .array(
        z.object({
          sensor: reference(sensorId),
          enrolledAt: instant,
          lastSeenAt: instant,
          replacedAt: instant,
          replacedBy: z
            .string()
            .nullable()
            .meta({ description: "Name of the person; null: the enrollment token's rule" }),
        }),
      )
      .meta({ description: "Sensors whose history this one goes on with, the latest first" }),
    inventory: z.array(
      z.object({
        category,
        status: z.enum(["waiting", "collected", "failed", "unsupported"]),
        reason: z.string().optional().meta({ description: "Why the last collection failed" }),
        items: z.int().meta({ description: "Items of the last report that was stored" }),
        changedAt: instant
          .nullable()
          .meta({ description: "When what it holds last changed; null: nothing yet" }),
      }),
    ),
  }),
});

export const approveSensor = route({
  name: "sensors.approve",
  method: "POST",
  path: `${base}/{id}/approve`,
  access: "sensors:manage",
  tag: "Sensors",
  summary:
    "Let a sensor in that waits for approval, after comparing its fingerprint with what the host shows",
  params,
  body: z.strictObject({
    fingerprint: z
      .string()
      .max(100)
      .meta({ description: "As compared; refused with state-conflict when it is not the sensor's" }),
  }),
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
});

export const blockSensor = route({
  name: "sensors.block",
  method: "POST",
  path: `${base}/{id}/block`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Refuse a sensor's requests from now on; what it reported stays",
  params,
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
});

export const unblockSensor = route({
  name: "sensors.unblock",
  method: "POST",
  path: `${base}/{id}/unblock`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Accept a blocked sensor's requests again",
  params,
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
});

const decision = {
  params,
  body: z.strictObject({
    predecessorId: sensorId.meta({ description: "As `match` names it" }),
  }),
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
} as const;

export const mergeSensor = route({
  ...decision,
  name: "sensors.merge",
  method: "POST",
  path: `${base}/{id}/merge`,
  access: "sensors:manage",
  tag: "Sensors",
  summary:
    "Go on with the history and the asset of the silent sensor that this one looks like; that one is replaced, until it is heard again",
});

export const dismissMatch = route({
  ...decision,
  name: "sensors.dismissMatch",
  method: "POST",
  path: `${base}/{id}/dismiss-match`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Decide that this sensor is not the one that it looks like; the two are not compared again",
});

export const undoMerge = route({
  name: "sensors.undoMerge",
  method: "POST",
  path: `${base}/{id}/undo-merge`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Undo the merge by which this sensor was replaced: both have their own history and asset again",
  params,
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
});

export const createTicket = route({
  name: "sensors.createTicket",
  method: "POST",
  path: `${base}/{id}/ticket`,
  access: "sensors:manage",
  tag: "Sensors",
  summary:
    "Make a re-enroll ticket: for one hour, one host can take the sensor over with a new key; an earlier ticket ends",
  params,
  creates: true,
  status: 201,
  output: z.object({
    value: z.string().meta({ description: "`atl_tkt_` and 49 characters; shown this once" }),
    expiresAt: instant,
  }),
  problems: ["state-conflict"],
});

export const deleteSensor = route({
  name: "sensors.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Delete a sensor: the program on the machine is told that it is no longer known; its asset stays",
  params,
  status: 204,
});

export const listSensorInventory = route({
  name: "sensors.inventory",
  method: "GET",
  path: `${base}/{id}/inventory/{category}`,
  access: "sensors:read",
  tag: "Sensors",
  summary: "List what a sensor last reported in a category: by name, accounts before groups, ports by number",
  params: params.extend({ category }),
  query: z.strictObject({
    q: z.string().max(200).optional().meta({ description: "Part of any value, without regard to case" }),
    cursor: z.string().max(2_000).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(200),
  }),
  status: 200,
  output: page(
    z.union([
      CATEGORY_ITEMS.packages,
      CATEGORY_ITEMS.services,
      CATEGORY_ITEMS.ports,
      CATEGORY_ITEMS.users,
      CATEGORY_ITEMS.security,
      CATEGORY_ITEMS.system,
    ]),
  ),
});
