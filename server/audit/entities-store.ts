// Which of the objects that audit events name can still be read, in SQL.
import { sql } from "kysely";
import { isAmong } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";

interface Named {
  type: string;
  id: string;
}

/** The table of each type, and which of its rows can be read. */
const TABLES = {
  sensor: { table: "sensor", isLive: sql<boolean>`deleted_at is null` },
  "enrollment-token": { table: "enrollmentToken", isLive: sql<boolean>`deleted_at is null` },
  asset: { table: "asset", isLive: sql<boolean>`merged_into is null` },
  "asset-group": { table: "assetGroup", isLive: sql<boolean>`deleted_at is null` },
  "update-ring": { table: "updateRing", isLive: sql<boolean>`1 = 1` },
  "api-key": { table: "apiKey", isLive: sql<boolean>`1 = 1` },
  view: { table: "savedView", isLive: sql<boolean>`is_shared = 1` },
  user: { table: "user", isLive: sql<boolean>`1 = 1` },
} as const;

/** Returns the ids of the objects that can still be read. */
export async function listExisting(db: Database, objects: readonly Named[]): Promise<ReadonlySet<string>> {
  const existing = new Set<string>();
  for (const [type, { table, isLive }] of Object.entries(TABLES)) {
    const ids = objects.filter((object) => object.type === type).map(({ id }) => id);
    if (ids.length === 0) continue;
    const query = sql<{ id: string }>`select id from ${sql.table(table)}
      where ${isAmong(db, "id", JSON.stringify(ids))} and ${isLive}`;
    for (const { id } of (await query.execute(db)).rows) existing.add(id);
  }
  return existing;
}
