// Instances to distinguish two hosts with one key, key rotation, re-enrollment tickets, and ephemeral
// sensors.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const sensorKeys: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    const alter = () => db.schema.alterTable("sensor");
    await alter().addColumn("boot_id", text).execute();
    await alter()
      .addColumn("has_newcomers", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await alter()
      .addColumn("enrolled_host", text, (c) => c.notNull().defaultTo("{}"))
      .execute();
    await alter()
      .addColumn("copied_from", text, (c) => c.references("sensor.id"))
      .execute();
    await alter().addColumn("next_public_key", text).execute();
    await alter()
      .addColumn("key_changed_at", "bigint", (c) => c.notNull().defaultTo(0))
      .execute();
    await alter().addColumn("removed_at", "bigint").execute();
    await sql`update sensor set key_changed_at = enrolled_at`.execute(db);
    await sql`create unique index sensor_next_public_key on sensor (next_public_key) where next_public_key is not null`.execute(
      db,
    );
    await sql`create index sensor_copied_from on sensor (copied_from) where copied_from is not null`.execute(
      db,
    );
    await db.schema.dropIndex("sensor_asset").execute();
    await sql`create unique index sensor_asset on sensor (asset_id) where deleted_at is null and uninstalled_at is null and removed_at is null`.execute(
      db,
    );
    await db.schema
      .alterTable("enrollment_token")
      .addColumn("copies", text, (c) => c.notNull().defaultTo("approval"))
      .execute();
    await db.schema
      .createTable("sensor_boot")
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("boot_id", text, (c) => c.notNull())
      .addColumn("state", text, (c) => c.notNull())
      .addColumn("host", text, (c) => c.notNull())
      .addColumn("address", text, (c) => c.notNull())
      .addColumn("first_seen_at", "bigint", (c) => c.notNull())
      .addColumn("returned_at", "bigint")
      .addColumn("copy_sensor_id", text, (c) => c.references("sensor.id"))
      .addPrimaryKeyConstraint("sensor_boot_pk", ["sensor_id", "boot_id"])
      .execute();
    await db.schema
      .createTable("sensor_key")
      .addColumn("public_key", text, (c) => c.primaryKey())
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("replaced_at", "bigint", (c) => c.notNull())
      .addColumn("reason", text, (c) => c.notNull())
      .execute();
    await db.schema.createIndex("sensor_key_sensor").on("sensor_key").column("sensor_id").execute();
    await db.schema
      .createTable("re_enroll_ticket")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("value_hash", text, (c) => c.notNull().unique())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", text, (c) => c.notNull())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("used_at", "bigint")
      .addColumn("public_key", text)
      .execute();
    await db.schema
      .createIndex("re_enroll_ticket_sensor")
      .on("re_enroll_ticket")
      .column("sensor_id")
      .execute();
  },
};
