// A separate table for the expected hosts of a token's rollout: up to 10,000 hostnames, which an enrollment
// must not read. And an index with the order of a token's sensors.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const tokenRollOut: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    await db.schema
      .createTable("token_roll_out")
      .addColumn("enrollment_token_id", text, (c) =>
        c.primaryKey().notNull().references("enrollment_token.id"),
      )
      .addColumn("expected", text, (c) => c.notNull())
      .execute();
    await sql`insert into token_roll_out (enrollment_token_id, expected)
      select id, roll_out from enrollment_token where roll_out <> '{"type":"none"}'`.execute(db);
    await db.schema.alterTable("enrollment_token").dropColumn("roll_out").execute();
    // Includes the order in which slices of a token's sensors are read.
    await db.schema.dropIndex("sensor_token").execute();
    await db.schema
      .createIndex("sensor_token")
      .on("sensor")
      .columns(["enrollment_token_id", "hostname_key", "id"])
      .execute();
  },
};
