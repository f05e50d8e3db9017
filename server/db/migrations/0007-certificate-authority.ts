// The roots of the private CA. Their keys are sealed with the installation's secret.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const certificateAuthority: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
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
