// Whether a token re-enrolls hosts whose server does not know them any more.
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { dialectOf } from "../dialect.ts";

export const lostSensors: Migration = {
  async up(db: Kysely<unknown>) {
    const text = dialectOf(db) === "postgres" ? sql`text collate "C"` : sql`text`;
    await db.schema
      .alterTable("enrollment_token")
      .addColumn("re_enroll_lost", text, (c) => c.notNull().defaultTo("new-pin"))
      .execute();
  },
};
