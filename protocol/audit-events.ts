// The audit log: who changed what, when and from where. Admins read all of it. Everyone who can read an
// entity reads the history of the entity.
import { z } from "zod";
import {
  AUDIT_ACTIONS,
  AUDIT_ACTOR_TYPES,
  AUDIT_ENTITY_TYPES,
  type AuditEntityType,
} from "./audit-actions.ts";
import { apiKeyId, assetGroupId, assetId, enrollmentTokenId, sensorId, updateRingId, userId } from "./ids.ts";
import { page, pageQuery } from "./page.ts";
import type { Permission } from "./permissions.ts";
import { isPlainText } from "./plain-text.ts";
import { route } from "./route.ts";
import { instant, instantInput } from "./text.ts";

/** Values of settings, by the name of the setting. */
const settings = z.record(z.string(), z.unknown());

export const auditEvent = z
  .object({
    id: z.string(),
    sequence: z.int().meta({ description: "The number of the event. Numbers have no gaps" }),
    at: instant,
    actor: z.object({
      type: z.enum(AUDIT_ACTOR_TYPES),
      id: z.string(),
      name: z.string().meta({ description: "The name at that time" }),
      exists: z.boolean().meta({ description: "The actor can still be read by its id" }),
    }),
    action: z
      .string()
      .meta({ description: "Its first part is the type of the entity", example: "sensor.deleted" }),
    entity: z.object({
      type: z.string(),
      id: z.string(),
      name: z.string().meta({ description: "The name at that time" }),
      exists: z.boolean().meta({ description: "The entity can still be read by its id" }),
    }),
    address: z
      .string()
      .nullable()
      .meta({ description: "The client's IP address; null: no request, or withheld" }),
    before: settings.nullable().meta({ description: "The changed settings before; null: none, or withheld" }),
    after: settings.nullable().meta({ description: "The changed settings after; null: none, or withheld" }),
    details: settings.meta({ description: "Further facts, which depend on the action" }),
    withheld: z.boolean().meta({ description: "true: addresses or settings are shown only to Admins" }),
  })
  .meta({ id: "AuditEvent" });
export type AuditEvent = z.infer<typeof auditEvent>;

const PLAIN = "must not contain control or bidirectional characters";
const id = z.string().min(1).max(100).refine(isPlainText, PLAIN);

/** The filters of events. */
const filters = {
  q: z
    .string()
    .max(200)
    .refine(isPlainText, PLAIN)
    .optional()
    .meta({ description: "Text in names, actions, addresses and values, case-insensitive" }),
  actorType: z.enum(AUDIT_ACTOR_TYPES).optional(),
  actorId: id.optional(),
  action: z
    .string()
    .max(2_000)
    .refine(
      (text) => text.split(",").every((one) => Object.hasOwn(AUDIT_ACTIONS, one)),
      "must be actions, separated by commas",
    )
    .optional()
    .meta({ description: "One action, or several with commas", example: "sensor.blocked,sensor.deleted" }),
  entityType: z.enum(Object.keys(AUDIT_ENTITY_TYPES) as [AuditEntityType, ...AuditEntityType[]]).optional(),
  entityId: id.optional(),
  address: z
    .string()
    .min(1)
    .max(50)
    .refine(isPlainText, PLAIN)
    .optional()
    .meta({ description: "The client's IP address" }),
  from: instantInput.optional(),
  to: instantInput.optional().meta({ description: "Events at this time are included" }),
};

export const auditFilter = z.strictObject(filters);
export type AuditFilter = z.infer<typeof auditFilter>;

const base = "/api/v1/audit-events";

export const listAuditEvents = route({
  name: "auditEvents.list",
  method: "GET",
  path: base,
  access: "audit:read",
  tag: "Audit log",
  summary:
    "List audit events, newest first. If few of many events match, a page can have fewer events than the limit, or none, and continues with its `nextCursor`",
  query: pageQuery(["at"], "desc").extend(filters),
  status: 200,
  output: page(auditEvent),
});

const exported = {
  method: "GET",
  access: "audit:read",
  tag: "Audit log",
  query: auditFilter,
  status: 200,
} as const;

export const exportAuditJsonLines = route({
  ...exported,
  name: "auditEvents.exportJsonLines",
  path: `${base}/export.jsonl`,
  summary:
    "Export audit events as JSON lines, newest first. The first line has the filter and the time of the export. An export is an audit event",
  streams: "application/x-ndjson; charset=utf-8",
});

export const exportAuditCsv = route({
  ...exported,
  name: "auditEvents.exportCsv",
  path: `${base}/export.csv`,
  summary:
    "Export audit events as CSV, newest first. The first line is a comment with the filter and the time of the export, the second one has the names of the columns. An export is an audit event",
  streams: "text/csv; charset=utf-8",
});

/** A history has one order. */
export const historyQuery = pageQuery(["at"], "desc").pick({ cursor: true, limit: true });

/** The history of an entity, which everyone who can read the entity may read. */
function history<Id extends z.ZodType>(noun: string, folder: string, access: Permission, entityId: Id) {
  return route({
    name: `${noun}.history`,
    method: "GET",
    path: `/api/v1/${folder}/{id}/history`,
    access,
    tag: "Audit log",
    summary:
      "List the audit events of an entity, newest first. Addresses and settings of secrets are for Admins",
    params: z.strictObject({ id: entityId }),
    query: historyQuery,
    status: 200,
    output: page(auditEvent),
  });
}

/** By the type of the entity. */
export const HISTORIES = {
  sensor: history("sensors", "sensors", "sensors:read", sensorId),
  "enrollment-token": history(
    "enrollmentTokens",
    "enrollment-tokens",
    "enrollment-tokens:read",
    enrollmentTokenId,
  ),
  asset: history("assets", "assets", "assets:read", assetId),
  "asset-group": history("assetGroups", "asset-groups", "assets:read", assetGroupId),
  "update-ring": history("updateRings", "update-rings", "updates:read", updateRingId),
  "api-key": history("apiKeys", "api-keys", "api-keys:manage", apiKeyId),
  user: history("users", "users", "audit:read", userId),
} as const;
