// The roots of the private CA; their keys are sealed with the installation's secret.
import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { dialectOf } from "../dialect.ts";

export const certificateAuthority: Migration = {
  async up(db: Kysely<unknown>) {
    const text = dialectOf(db) === "postgres" ? sql`text collate "C"` : sql`text`;
    await db.schema
      .createTable("certificate_authority")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("certificate", text, (c) => c.notNull())
      .addColumn("cross_certificate", text)
      .addColumn("sealed_key", text, (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("retires_at", "bigint")
      .execute();
  },
};
