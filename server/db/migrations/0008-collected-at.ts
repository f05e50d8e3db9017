// The time of collection of a report, in addition to the time of its arrival. They differ after an outage.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const collectedAt: Migration = {
  async up(db) {
    await db.schema
      .alterTable("inventory_history")
      .addColumn("collected_at", "bigint", (c) => c.notNull().defaultTo(0))
      .execute();
    await sql`update inventory_history set collected_at = reported_at`.execute(db);
  },
};
