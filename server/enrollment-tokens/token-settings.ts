// The settings of a token: as users send them, as columns, and as audit events name them.
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import type {
  createEnrollmentToken as createRoute,
  updateEnrollmentToken as updateRoute,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { z } from "zod";
import type { EnrollmentTokenTable } from "../db/schema.ts";
import { nameKey, toInstant } from "../ids.ts";
import { parseNetwork } from "../networks.ts";

export type SettingColumns = Partial<
  Pick<
    EnrollmentTokenTable,
    | "name"
    | "nameKey"
    | "description"
    | "expiresAt"
    | "maxEnrollments"
    | "allowedNetworks"
    | "allowedHostnames"
    | "tags"
    | "requireApproval"
    | "ephemeralHours"
    | "clonedHosts"
    | "reimagedHosts"
    | "reEnrollLost"
  >
>;

/** Settings as people send them, as columns. Throws input-invalid. */
export function toColumns(
  settings: RouteInput<typeof createRoute>["body"] extends infer B ? Omit<B, "scope"> : never,
  now: number,
): Required<SettingColumns>;
export function toColumns(settings: RouteInput<typeof updateRoute>["body"], now: number): SettingColumns;
export function toColumns(settings: RouteInput<typeof updateRoute>["body"], now: number): SettingColumns {
  const { name, expiresAt, allowedNetworks, allowedHostnames, tags, requireApproval, ...plain } = settings;
  const columns: SettingColumns = { ...plain };
  if (name !== undefined) Object.assign(columns, { name, nameKey: nameKey(name) });
  if (expiresAt !== undefined) {
    columns.expiresAt = expiresAt === null ? null : Date.parse(expiresAt);
    if (columns.expiresAt !== null && columns.expiresAt <= now)
      throw badField("expiresAt", "must be in the future");
  }
  if (allowedNetworks !== undefined) {
    const networks = allowedNetworks.map((text, index) => {
      const network = parseNetwork(text);
      if (network === undefined)
        throw badField(`allowedNetworks.${index}`, "must be a network such as 10.1.0.0/16 or 2001:db8::/32");
      return network;
    });
    columns.allowedNetworks = formatList(networks);
  }
  if (allowedHostnames !== undefined) columns.allowedHostnames = formatList(allowedHostnames);
  if (tags !== undefined) columns.tags = formatList(tags);
  if (requireApproval !== undefined) columns.requireApproval = requireApproval ? 1 : 0;
  return columns;
}

/** Columns as an audit event tells them. */
export function describeColumns({ nameKey: _, ...columns }: SettingColumns): Record<string, Json> {
  const told: Record<string, Json> = {};
  for (const key of TOLD) {
    const value = columns[key];
    if (value === undefined) continue;
    if (key === "expiresAt") told[key] = toInstant(value as number | null);
    else if (key === "requireApproval") told[key] = value === 1;
    else if (key === "allowedNetworks" || key === "allowedHostnames" || key === "tags")
      told[key] = parseList(value as string);
    else told[key] = value;
  }
  return told;
}

const TOLD = [
  "name",
  "description",
  "expiresAt",
  "maxEnrollments",
  "allowedNetworks",
  "allowedHostnames",
  "tags",
  "requireApproval",
  "ephemeralHours",
  "clonedHosts",
  "reimagedHosts",
  "reEnrollLost",
] as const;

const stringList = z.array(z.string());

export function parseList(text: string): string[] {
  return stringList.parse(JSON.parse(text));
}

function formatList(items: string[]): string {
  return JSON.stringify([...new Set(items)]);
}

export function badField(field: string, message: string): Problem {
  return new Problem("input-invalid", `The enrollment token is not valid: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
