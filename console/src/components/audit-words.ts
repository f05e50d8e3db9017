// The settings and facts of an audit event in words. Pure.
import { AUDIT_ENTITY_TYPES, type AuditEntityType } from "@attacklens/protocol/audit-actions.ts";
import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import { ROLE_NAMES, type Role } from "@attacklens/protocol/permissions.ts";
import {
  describeRingSetting,
  RING_SETTING_NAMES,
  RING_SETTINGS,
  type RingSettingName,
} from "@attacklens/protocol/ring-settings.ts";
import {
  describeTokenSetting,
  TOKEN_SETTING_NAMES,
  TOKEN_SETTINGS,
  type TokenSetting,
  type TokenSettingName,
} from "@attacklens/protocol/token-settings.ts";
import { exactTime } from "../ui/time.ts";

/** A setting before and after. Lists have the items that were added and removed instead. */
export type Difference = { label: string } & (
  | { kind: "value"; before: string | undefined; after: string | undefined }
  | { kind: "list"; added: string[]; removed: string[] }
);

const LABELS: Record<string, string> = {
  assetGroup: "Asset Group",
  assetGroups: "Asset Groups",
  byHostname: "Merged into",
  cloneOf: "Clone of",
  email: "Email",
  enrolledSensors: "Enrolled sensors",
  expectedHosts: "Expected hosts",
  expiresAt: "Expiry",
  firstAt: "First attempt",
  fromHostname: "Other sensor",
  rateLimited: "Refused by the rate limit",
  successorName: "Successor",
  valueShownTo: "Value shown to",
};

/** Ids of objects whose names are shown, or that have the same name. An export has them. */
const NOT_SHOWN = ["assetId", "by", "from", "sensorId", "successor", "ticketId"];

/** The order of forms. Other settings follow. */
const ORDER = [
  ...["name", "email", "role", "description", "assetGroup", "assetGroups", "expiresAt"],
  ...TOKEN_SETTING_NAMES,
  ...RING_SETTING_NAMES,
] as string[];

const ROLE_TEXTS: Record<string, string> = ROLE_NAMES;

/** The differences of an event, in the order of its settings. `timeZone`: the browser's when absent. */
export function differencesOf(
  { before, after, entity }: Pick<AuditEvent, "before" | "after" | "entity">,
  timeZone?: string,
): Difference[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  // Of an object that was created or deleted, settings that are not used say nothing.
  const isShown = (name: string) =>
    (before && after) || name === "expiresAt" || isUsed((before ?? after)?.[name]);
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  const inOrder = names.filter(isShown).toSorted((one, other) => place(one) - place(other));
  return inOrder.map((name) => {
    const label = labelOf(entity.type, name);
    const [old, current] = [before?.[name], after?.[name]];
    if (isList(old) && isList(current)) {
      const added = current.filter((item) => !old.includes(item));
      const removed = old.filter((item) => !current.includes(item));
      if (added.length + removed.length > 0) return { label, kind: "list", added, removed };
    }
    const textOf = (value: unknown) =>
      value === undefined ? undefined : valueText(entity.type, name, value, timeZone);
    return { label, kind: "value", before: textOf(old), after: textOf(current) };
  });
}

/** The further facts of an event. */
export function factsOf({ details, entity }: Pick<AuditEvent, "details" | "entity">, timeZone?: string) {
  return Object.entries(details)
    .filter(([name, value]) => !isEmpty(value) && !NOT_SHOWN.includes(name))
    .map(([name, value]) => ({
      label: labelOf("", name),
      value: valueText(entity.type, name, value, timeZone),
    }));
}

function isUsed(value: unknown): boolean {
  return value !== false && !isEmpty(value);
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === "" || (typeof value === "object" && Object.keys(value ?? {}).length === 0)
  );
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function labelOf(entityType: string, name: string): string {
  if (entityType === "enrollment-token" && Object.hasOwn(TOKEN_SETTINGS, name))
    return TOKEN_SETTINGS[name as TokenSettingName].label;
  if (entityType === "update-ring" && Object.hasOwn(RING_SETTINGS, name))
    return RING_SETTINGS[name as RingSettingName].label;
  if (Object.hasOwn(LABELS, name)) return LABELS[name]!;
  const words = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return capitalized(words);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function valueText(entityType: string, name: string, value: unknown, timeZone?: string): string {
  const described = settingText(entityType, name, value);
  if (described !== undefined) return described;
  if (value === null || value === "") return name === "expiresAt" ? "No expiry" : "None";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "string" && INSTANT.test(value)) return exactTime(value, timeZone);
  if (name === "role" && typeof value === "string") return ROLE_TEXTS[value as Role] ?? value;
  if (Array.isArray(value)) return value.map(String).join(", ") || "None";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A setting as its form and overview describe it. An event of another release may have other values. */
function settingText(entityType: string, name: string, value: unknown): string | undefined {
  try {
    if (entityType === "enrollment-token" && Object.hasOwn(TOKEN_SETTINGS, name)) {
      const setting: TokenSetting = TOKEN_SETTINGS[name as TokenSettingName];
      const text = describeTokenSetting(name as TokenSettingName, value as never);
      return (
        text ?? ("empty" in setting && isEmpty(value) ? capitalized(setting.empty ?? "none") : undefined)
      );
    }
    if (entityType === "update-ring" && Object.hasOwn(RING_SETTINGS, name))
      return describeRingSetting(name as RingSettingName, value as never);
  } catch {
    // The value is shown as it is.
  }
  return undefined;
}

/** `Enrollment token`. */
export function entityTypeName(type: string): string {
  const name = Object.hasOwn(AUDIT_ENTITY_TYPES, type) ? AUDIT_ENTITY_TYPES[type as AuditEntityType] : type;
  return capitalized(name);
}
