// Re-imaged hosts: matches of sensors, sensors that continue another's history, and merged assets.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const reinstalls: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    const alter = () => db.schema.alterTable("sensor");
    await alter()
      .addColumn("replaced_by", text, (c) => c.references("sensor.id"))
      .execute();
    await alter().addColumn("replaced_at", "bigint").execute();
    await alter()
      .addColumn("replacement_decided_by", text, (c) => c.references("user.id"))
      .execute();
    await sql`create index sensor_replaced_by on sensor (replaced_by) where replaced_by is not null`.execute(
      db,
    );
    await db.schema.dropIndex("sensor_asset").execute();
    await sql`create unique index sensor_asset on sensor (asset_id) where deleted_at is null and uninstalled_at is null and removed_at is null and replaced_at is null`.execute(
      db,
    );
    await sql`create index sensor_of_asset on sensor (asset_id)`.execute(db);
    await db.schema
      .alterTable("asset")
      .addColumn("merged_into", text, (c) => c.references("asset.id"))
      .execute();
    await db.schema
      .alterTable("enrollment_token")
      .addColumn("reinstalls", text, (c) => c.notNull().defaultTo("ask"))
      .execute();
    await db.schema
      .createTable("sensor_likeness")
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("predecessor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("facts", text, (c) => c.notNull())
      .addColumn("is_certain", "integer", (c) => c.notNull())
      .addColumn("decision", text)
      .addColumn("decided_at", "bigint")
      .addColumn("decided_by", text, (c) => c.references("user.id"))
      .addColumn("former_asset_id", text, (c) => c.references("asset.id"))
      .addPrimaryKeyConstraint("sensor_likeness_key", ["sensor_id", "predecessor_id"])
      .execute();
    await db.schema
      .createIndex("sensor_likeness_predecessor")
      .on("sensor_likeness")
      .column("predecessor_id")
      .execute();
    await sql`create index sensor_likeness_open on sensor_likeness (sensor_id) where decision is null`.execute(
      db,
    );
  },
};
