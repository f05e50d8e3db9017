// Converts a token's settings between requests, columns, and audit events.
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import type {
  createEnrollmentToken as createRoute,
  updateEnrollmentToken as updateRoute,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { mapTokenSettings, type TokenSettings } from "@attacklens/protocol/token-settings.ts";
import { z } from "zod";
import type { EnrollmentTokenTable, TokenSettingColumns } from "../db/schema-tokens.ts";
import { nameKey, toInstant } from "../ids.ts";
import { parseNetwork } from "../networks.ts";

/** The columns that a user sets. */
export type EditableColumns = TokenSettingColumns &
  Pick<EnrollmentTokenTable, "name" | "nameKey" | "description" | "expiresAt">;

type CreateBody = RouteInput<typeof createRoute>["body"];
type UpdateBody = RouteInput<typeof updateRoute>["body"];

/** Throws input-invalid. */
export function toColumns(settings: Omit<CreateBody, "scope">, now: number): EditableColumns;
export function toColumns(settings: UpdateBody, now: number): Partial<EditableColumns>;
export function toColumns(settings: UpdateBody, now: number): Partial<EditableColumns> {
  const { name, description, expiresAt, allowedNetworks, ...others } = settings;
  const columns: Partial<EditableColumns> = {};
  if (name !== undefined) Object.assign(columns, { name, nameKey: nameKey(name) });
  if (description !== undefined) columns.description = description;
  if (expiresAt !== undefined) columns.expiresAt = parseExpiry(expiresAt, now);
  if (allowedNetworks !== undefined) columns.allowedNetworks = toColumn(allowedNetworks.map(requireNetwork));
  for (const [setting, value] of Object.entries(others))
    Object.assign(columns, { [setting]: toColumn(value) });
  return columns;
}

/** Null: no expiry. Throws input-invalid. */
export function parseExpiry(expiresAt: string | null, now: number): number | null {
  if (expiresAt === null) return null;
  const expiry = Date.parse(expiresAt);
  if (expiry <= now) throw badField("expiresAt", "must be in the future");
  return expiry;
}

function requireNetwork(text: string, index: number): string {
  const network = parseNetwork(text);
  if (network === undefined)
    throw badField(`allowedNetworks.${index}`, "must be a network such as 10.1.0.0/16 or 2001:db8::/32");
  return network;
}

function toColumn(value: string[]): string;
function toColumn(value: TokenSettings[keyof TokenSettings]): string | number | null;
function toColumn(value: TokenSettings[keyof TokenSettings]): string | number | null {
  if (Array.isArray(value)) return JSON.stringify([...new Set(value)]);
  return typeof value === "boolean" ? Number(value) : value;
}

/** The settings in a token's columns. */
export function toSettings(columns: TokenSettingColumns): TokenSettings {
  return mapTokenSettings((name, { kind }) => {
    const column = columns[name];
    if (kind === "list") return parseList(String(column));
    return kind === "switch" ? column === 1 : column;
  });
}

/** The columns of a token in an audit event. */
export function describeColumns(columns: EditableColumns): Record<string, Json> {
  const { name, description, expiresAt } = columns;
  return { name, description, expiresAt: toInstant(expiresAt), ...toSettings(columns) };
}

const stringList = z.array(z.string());

/** Parses a column that contains a list. */
export function parseList(text: string): string[] {
  return stringList.parse(JSON.parse(text));
}

export function badField(field: string, message: string): Problem {
  return new Problem("input-invalid", `The enrollment token is not valid: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
