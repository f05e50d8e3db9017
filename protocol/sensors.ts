// Sensors in the API for users: the console and automation.
import { z } from "zod";
import { comparedFact } from "./compared-facts.ts";
import { assetGroupId, assetId, enrollmentTokenId, sensorId } from "./ids.ts";
import { category } from "./inventory/category.ts";
import { durationMs, gaps, totalItems } from "./inventory/gap.ts";
import { PLAIN_STATUSES, REASONED_STATUSES } from "./inventory/results.ts";
import { listedActions } from "./obstacles.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { isPlainText } from "./plain-text.ts";
import { route } from "./route.ts";
import { SENSOR_OBSTACLES } from "./sensor-obstacles.ts";
import { instant, instantInput } from "./text.ts";
import { parseList } from "./text-list.ts";

/** In order of precedence: the first that applies is the status. */
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

export const SENSOR_PLATFORMS = ["linux", "windows", "darwin"] as const;

const match = z.object({
  sensor: reference(sensorId),
  lastSeenAt: instant,
  isCertain: z.boolean().meta({ description: "No hardware fact differs" }),
  agreeing: z.int().meta({ description: "Hardware facts that agree" }),
  differing: z.int().meta({ description: "Hardware facts that differ" }),
});

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
        "removed: an ephemeral sensor that was offline too long; uninstalled: the sensor was unenrolled; blocked: by an operator; awaiting-approval: by an operator; pending: no inventory yet; online: seen within three check-in intervals; offline: not seen within them",
    }),
    platform: z.enum(SENSOR_PLATFORMS),
    os: z.object({ name: z.string(), version: z.string() }),
    architecture: z.string().meta({ example: "amd64" }),
    version: z.string().meta({ example: "2026.11.0" }),
    address: z.string().meta({ description: "IP address of the last request, as seen by the server" }),
    enrolledAt: instant,
    enrolledBy: z
      .object({ id: enrollmentTokenId, name: z.string(), deleted: z.boolean() })
      .meta({ description: "The enrollment token" }),
    lastSeenAt: instant,
    asset: reference(assetId),
    assetGroup: reference(assetGroupId).nullable(),
    fingerprint: z.string().meta({
      description: "Fingerprint of the public key, four words. The sensor prints the same words",
      example: "lusab-babad-gutih-tugad",
    }),
    tags: z.array(z.string()).meta({ description: "Tags of the sensor's asset" }),
    ephemeralHours: z
      .int()
      .nullable()
      .meta({ description: "Hours offline after which the sensor is removed; null: never" }),
    approvedAt: instant.nullable().meta({ description: "null: awaiting approval, or no approval required" }),
    approvedBy: z.string().nullable(),
    blockedAt: instant.nullable(),
    blockedBy: z.string().nullable(),
    uninstalledAt: instant
      .nullable()
      .meta({ description: "When the sensor was unenrolled; null: still enrolled" }),
    removedAt: instant
      .nullable()
      .meta({ description: "When the ephemeral sensor was removed; null: not removed" }),
    keyChangedAt: instant.meta({ description: "When the current key came into use" }),
    cloneOf: reference(sensorId).extend({ deleted: z.boolean() }).nullable().meta({
      description:
        "The sensor whose key this host used before, for example because its disk was cloned; null: not a clone",
    }),
    match: match
      .extend({ facts: z.array(comparedFact) })
      .nullable()
      .meta({
        description:
          "An offline sensor of the same asset group that may be the same host: at least two hardware facts agree. null: none, or an operator has decided",
      }),
    replacedBy: reference(sensorId)
      .nullable()
      .meta({ description: "The sensor that continues this one's history after a merge" }),
    replacedAt: instant.nullable(),
    can: z.object({
      approve: can,
      withdrawApproval: can,
      block: can,
      unblock: can,
      delete: can,
      reEnroll: can,
      merge: can.meta({ description: "Merge with the matching sensor" }),
      dismissMatch: can,
      undoMerge: can.meta({ description: "Undo the merge with the sensor that replaced this one" }),
    }),
  })
  .meta({ id: "Sensor" });
export type Sensor = z.infer<typeof sensor>;

/** A sensor as a row of a list: what the list shows. Members without a value are absent. */
export const listedSensor = sensor
  .pick({
    ...({ id: true, hostname: true, status: true, platform: true, os: true, architecture: true } as const),
    ...({ version: true, address: true, enrolledAt: true, enrolledBy: true, lastSeenAt: true } as const),
    ...({ asset: true, assetGroup: true, tags: true } as const),
  })
  .extend({
    admittedHostname: sensor.shape.admittedHostname.optional().meta({
      description: "Hostname at enrollment or approval. Absent: the current one",
      example: "web-07",
    }),
    isHostnameAllowed: z.literal(false).optional().meta({
      description: "The host was renamed, and its enrollment token does not allow the current name",
    }),
    fingerprint: sensor.shape.fingerprint.optional().meta({
      description: "Fingerprint of the public key, four words. Absent: the sensor does not await approval",
      example: "lusab-babad-gutih-tugad",
    }),
    cloneOf: sensor.shape.cloneOf.unwrap().optional().meta({
      description: "The sensor whose key this host used before. Absent: not a clone",
    }),
    match: match.optional().meta({
      description:
        "An offline sensor of the same asset group that may be the same host. The sensor itself has the compared facts. Absent: none, or an operator has decided",
    }),
    replacedBy: sensor.shape.replacedBy.unwrap().optional().meta({
      description: "The sensor that continues this one's history after a merge",
    }),
    ...listedActions(SENSOR_OBSTACLES),
  })
  .meta({ id: "ListedSensor" });
export type ListedSensor = z.infer<typeof listedSensor>;

const params = z.strictObject({ id: sensorId });

/** One of the values, or several with commas. */
const someOf = <const V extends readonly string[]>(values: V) =>
  z
    .string()
    .max(200)
    .refine(
      (text) => text.split(",").every((one) => values.includes(one)),
      `must be some of ${values.join(", ")}, with commas`,
    )
    .meta({ description: `One, or several with commas: ${values.join(", ")}`, example: values[0] });

/** Most values of a filter, so that the statements of its query are short. */
const MAX_VALUES = 50;

const listText = z
  .string()
  .max(2_000)
  .refine(isPlainText, "must not contain control or bidirectional characters")
  .refine((text) => {
    const values = parseList(text);
    return values !== undefined && values.length <= MAX_VALUES && !values.includes("");
  }, `must be 1 to ${MAX_VALUES} values, with commas`);

const base = "/api/v1/sensors";

export const listSensors = route({
  name: "sensors.list",
  method: "GET",
  path: base,
  access: "sensors:read",
  tag: "Sensors",
  summary: "List sensors",
  query: pageQuery([
    ...(["hostname", "status", "os", "architecture", "version", "lastSeenAt", "asset"] as const),
    ...(["assetGroup", "address", "enrollmentToken", "enrolledAt", "tags"] as const),
  ]).extend({
    status: someOf(SENSOR_STATUSES).optional(),
    platform: someOf(SENSOR_PLATFORMS).optional(),
    version: listText
      .optional()
      .meta({ description: "One version, or several with commas", example: "2026.10.0,2026.11.0" }),
    tag: listText.optional().meta({
      description:
        'Sensors with at least one of the tags. A tag with a comma or a quotation mark is in quotation marks, such as `"rack 7, left"`',
      example: "pci,dmz",
    }),
    address: z
      .string()
      .max(50)
      .regex(
        /^[0-9a-f.:]+(\/\d+)?$/i,
        "must be an IP address, or a network such as 10.0.0.0/16 or 2001:db8::/32",
      )
      .optional()
      .meta({ description: "IP address of the last request, or a network", example: "2001:db8::/32" }),
    enrollmentTokenId: enrollmentTokenId.optional(),
    assetGroupId: assetGroupId.optional(),
    match: z
      .enum(["any"])
      .optional()
      .meta({ description: "Only possible duplicates: sensors that match an offline sensor" }),
    seenBefore: instantInput
      .optional()
      .meta({ description: "Only sensors that were last seen before this time" }),
    notSeenFor: z
      .string()
      .regex(/^[1-9]\d{0,3}[mhd]$/, "must be minutes, hours or days, such as 30m, 12h or 7d")
      .optional()
      .meta({ description: "Only sensors that were last seen longer ago than this", example: "7d" }),
  }),
  status: 200,
  output: page(listedSensor),
});

export const getSensor = route({
  name: "sensors.get",
  method: "GET",
  path: `${base}/{id}`,
  access: "sensors:read",
  tag: "Sensors",
  summary: "Get a sensor with the state of each inventory category",
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
            .meta({ description: "The sensor that the clone became; null: not enrolled" }),
        }),
      )
      .meta({ description: "Cloned hosts that used this sensor's key, newest first, at most 100" }),
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
            .meta({ description: "Name of the user; null: automatic, by the enrollment token's rule" }),
        }),
      )
      .meta({ description: "Sensors whose history this one continues, newest first" }),
    inventory: z.array(
      z.object({
        category,
        status: z.enum(["waiting", "collected", ...REASONED_STATUSES, ...PLAIN_STATUSES]).meta({
          description:
            "waiting: no report yet; too-slow: the sensor ended the collection; not-permitted: the sensor must not read it; absent: the host has none of it; unsupported: not collected on this platform; switched-off: by the owner of the host",
        }),
        reason: z.string().optional().meta({ description: "Why the last collection has no items" }),
        durationMs: durationMs.optional(),
        items: z.int().meta({ description: "Items in the last stored report" }),
        totalItems: totalItems.optional(),
        gaps: gaps.optional(),
        changedAt: instant
          .nullable()
          .meta({ description: "When the items last changed; null: nothing reported yet" }),
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
  summary: "Approve a sensor. Compare its fingerprint with the one on the host first",
  params,
  body: z.strictObject({
    fingerprint: z.string().max(100).meta({
      description:
        "The fingerprint that the host shows. If the sensor has another one, the request fails with state-conflict",
    }),
  }),
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
});

export const withdrawApproval = route({
  name: "sensors.withdrawApproval",
  method: "POST",
  path: `${base}/{id}/withdraw-approval`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Undo the approval of a sensor: it awaits approval again, and the server refuses its reports",
  params,
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
  summary: "Block a sensor: the server refuses its requests and keeps its reports",
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
  summary: "Unblock a sensor: the server accepts its requests again",
  params,
  status: 200,
  output: sensor,
  problems: ["state-conflict"],
});

const decision = {
  params,
  body: z.strictObject({
    predecessorId: sensorId.meta({ description: "Id of the sensor in `match`" }),
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
    "Merge with the matching offline sensor: this sensor continues its history and asset. The server undoes the merge if the other sensor checks in again",
});

export const dismissMatch = route({
  ...decision,
  name: "sensors.dismissMatch",
  method: "POST",
  path: `${base}/{id}/dismiss-match`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Dismiss a match: the two sensors are different hosts. They are not matched again",
});

export const undoMerge = route({
  name: "sensors.undoMerge",
  method: "POST",
  path: `${base}/{id}/undo-merge`,
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Undo the merge that replaced this sensor: both sensors get back their own history and asset",
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
    "Create a re-enrollment ticket. For one hour, one host can use it to take over the sensor with a new key. Earlier tickets become invalid",
  params,
  creates: true,
  showsSecret: true,
  status: 201,
  output: z.object({
    value: z.string().meta({ description: "`atl_tkt_` and 49 characters; returned only once" }),
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
  summary: "Delete a sensor. Its requests then fail with sensor-unknown; its asset stays",
  params,
  status: 204,
});
