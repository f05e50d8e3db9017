// An unenrolled sensor keeps its row, and its asset is free for the next sensor.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const uninstalled: Migration = {
  async up(db) {
    await db.schema.alterTable("sensor").addColumn("uninstalled_at", "bigint").execute();
    await db.schema.dropIndex("sensor_asset").execute();
    await sql`create unique index sensor_asset on sensor (asset_id) where deleted_at is null and uninstalled_at is null`.execute(
      db,
    );
  },
};
