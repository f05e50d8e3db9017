// The token setting to re-enroll hosts whose sensor the server no longer knows.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const lostSensors: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    await db.schema
      .alterTable("enrollment_token")
      .addColumn("re_enroll_lost", text, (c) => c.notNull().defaultTo("new-pin"))
      .execute();
  },
};
