// Exports of lists: all rows that match, in the order of the list, with the chosen columns. The first line
// has the filters, the order and the time. The columns have the ids of the list's.
import { z } from "zod";
import { listApiKeys } from "./api-keys.ts";
import { listAssetGroups } from "./asset-groups.ts";
import { listAssets } from "./assets.ts";
import { PROGRESS_TYPE } from "./bulk.ts";
import { listEnrollmentAttempts } from "./enrollment-attempts.ts";
import { listEnrollmentTokens } from "./enrollment-tokens.ts";
import { type Route, route } from "./route.ts";
import { listSensors } from "./sensors.ts";
import { listUsers } from "./users.ts";

function columnList(known: readonly string[]) {
  return z
    .string()
    .max(500)
    .refine(
      (text) => text.split(",").every((one) => known.includes(one)),
      `must be some of ${known.join(", ")}`,
    )
    .optional()
    .meta({
      description: "Columns in their order, with commas. Absent: all",
      example: known.slice(0, 2).join(),
    });
}

type Position = "cursor" | "limit" | "count";
type Query<L extends Route> = z.ZodObject<
  Omit<NonNullable<L["query"]>["shape"], Position> & { columns: ReturnType<typeof columnList> },
  z.core.$strict
>;

/** Declares the routes that export a list: CSV and JSON lines. `noun` names the rows. */
function exportsOf<const L extends Route & { query: z.ZodObject }, const C extends string>(
  list: L,
  { noun, path, columns }: { noun: string; path: string; columns: readonly C[] },
) {
  const { cursor: _, limit: __, count: ___, ...shape } = list.query.shape;
  const query = z.strictObject({ ...shape, columns: columnList(columns) }) as unknown as Query<L>;
  const common = {
    method: "GET",
    access: list.access as L["access"],
    tag: list.tag,
    query,
    status: 200,
  } as const;
  const [group] = list.name.split(".");
  return {
    noun,
    columns,
    csv: route({
      ...common,
      name: `${group}.exportCsv`,
      path: `/api/v1/${path}.csv`,
      summary: `Export the ${noun} that match as CSV. Cells that a spreadsheet would take for a formula begin with '`,
      streams: "text/csv",
    }),
    jsonLines: route({
      ...common,
      name: `${group}.exportJsonLines`,
      path: `/api/v1/${path}.jsonl`,
      summary: `Export the ${noun} that match as JSON lines`,
      streams: PROGRESS_TYPE,
    }),
  };
}

export const sensorExports = exportsOf(listSensors, {
  noun: "sensors",
  path: "sensor-export",
  columns: [
    ...([
      "hostname",
      "status",
      "os",
      "architecture",
      "version",
      "lastSeenAt",
      "asset",
      "assetGroup",
    ] as const),
    ...(["address", "enrollmentToken", "enrolledAt", "tags", "fingerprint", "id"] as const),
  ],
});

export const assetExports = exportsOf(listAssets, {
  noun: "assets",
  path: "asset-export",
  columns: ["name", "type", "assetGroup", "sensor", "createdAt", "id"],
});

export const assetGroupExports = exportsOf(listAssetGroups, {
  noun: "asset groups",
  path: "asset-group-export",
  columns: ["name", "createdAt", "createdBy", "assets", "enrollmentTokens", "id"],
});

export const tokenExports = exportsOf(listEnrollmentTokens, {
  noun: "enrollment tokens",
  path: "enrollment-token-export",
  columns: [
    ...(["name", "scope", "createdAt", "createdBy", "expiresAt", "status", "enrolledSensors"] as const),
    ...(["lastUsedAt", "description", "id"] as const),
  ],
});

export const enrollmentExports = exportsOf(listEnrollmentAttempts, {
  noun: "enrollments",
  path: "enrollment-export",
  columns: [
    ...(["at", "hostname", "result", "token", "details", "address", "attempts", "reference"] as const),
    ...(["sensor", "id"] as const),
  ],
});

export const userExports = exportsOf(listUsers, {
  noun: "users",
  path: "user-export",
  columns: ["name", "email", "role", "status", "lastSignInAt", "createdAt", "id"],
});

export const apiKeyExports = exportsOf(listApiKeys, {
  noun: "API keys",
  path: "api-key-export",
  columns: [
    ...(["name", "role", "status", "hint", "createdAt", "createdBy", "expiresAt", "lastUsedAt"] as const),
    ...(["lastUsedAddress", "id"] as const),
  ],
});

/** All of them. */
export const LIST_EXPORTS: readonly { csv: Route; jsonLines: Route }[] = [
  sensorExports,
  assetExports,
  assetGroupExports,
  tokenExports,
  enrollmentExports,
  userExports,
  apiKeyExports,
];
