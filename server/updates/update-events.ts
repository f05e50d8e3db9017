// Who changed what: the latest audit events of rings, each with a summary in words.
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import { countOf, wordOf } from "@attacklens/protocol/count-of.ts";
import {
  describeRingSetting,
  RING_SETTING_NAMES,
  RING_SETTINGS,
  type RingSettingName,
} from "@attacklens/protocol/ring-settings.ts";
import type { UpdateEvent } from "@attacklens/protocol/update-rings.ts";
import { z } from "zod";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { listRingEvents } from "./update-events-store.ts";

const SHOWN = 100;

const json = z.json();
const eventDetails = z.object({
  before: z.record(z.string(), json).optional(),
  after: z.record(z.string(), json).optional(),
  version: z.string().nullable().optional(),
  failures: z.int().optional(),
  hostname: z.string().optional(),
});
type Details = z.infer<typeof eventDetails>;

/** The newest first. */
export async function listUpdateEvents(db: Database): Promise<{ items: UpdateEvent[] }> {
  const rows = await listRingEvents(db, SHOWN);
  return {
    items: rows.map(({ id, at, actorName, action, entityName, details }) => {
      const parsed = eventDetails.parse(JSON.parse(details));
      return {
        id,
        at: toInstant(at),
        actor: actorName,
        action,
        ring: action === "update-ring.moved" ? "All rings" : (entityName ?? ""),
        summary: summaryOf(action, parsed),
      };
    }),
  };
}

function summaryOf(action: string, details: Details): string {
  const { version, failures, hostname } = details;
  switch (action) {
    case "update-ring.created":
      return `Created${groupsOf(details.after)}`;
    case "update-ring.changed":
      return changesOf(details);
    case "update-ring.moved":
      return `New order: ${textOf("order", details.after?.order ?? [])}`;
    case "update-ring.paused":
      return "Paused";
    case "update-ring.resumed":
      return "Resumed";
    case "update-ring.retried":
      return `Tried ${version} again after ${countOf(Number(failures), "failure")}`;
    case "update-ring.host-retried":
      return `Tried ${version} again on ${hostname}`;
    case "update-ring.stopped":
      return `Stopped: ${countOf(Number(failures), "host")} failed with ${version}`;
    case "update-ring.deleted":
      return `Deleted${groupsOf(details.before)}`;
    default:
      return action;
  }
}

function groupsOf({ assetGroups = [] }: Record<string, Json> = {}): string {
  if (!Array.isArray(assetGroups) || assetGroups.length === 0) return "";
  return ` with ${wordOf(assetGroups.length, "asset group")} ${assetGroups.join(", ")}`;
}

/** In the order of the form. */
const CHANGED = ["name", "assetGroups", ...RING_SETTING_NAMES];

function changesOf({ before, after }: Details): string {
  if (!before || !after) return "Changed";
  return CHANGED.filter((key) => after[key] !== undefined)
    .map((key) => `${labelOf(key)}: ${textOf(key, before[key]!)} → ${textOf(key, after[key]!)}`)
    .join("; ");
}

function labelOf(key: string): string {
  if (key in RING_SETTINGS) return RING_SETTINGS[key as RingSettingName].label;
  return key === "assetGroups" ? "Asset groups" : "Name";
}

function textOf(key: string, value: Json): string {
  if (key in RING_SETTINGS) return describeRingSetting(key as RingSettingName, value as never);
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
