// The requests of an instance beside a later one, the hostname that a token admitted, and identifiers of only
// live sensors.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const clonesAndMatches: Migration = {
  async up(db, dialect) {
    const isPostgres = dialect === "postgres";
    const text = isPostgres ? sql`text collate "C"` : sql`text`;
    await db.schema
      .alterTable("sensor_boot")
      .addColumn("returns", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable("sensor")
      .addColumn("admitted_hostname", text, (c) => c.notNull().defaultTo(""))
      .execute();
    const enrolledName = isPostgres
      ? sql`(enrolled_host::json ->> 'hostname')`
      : sql`json_extract(enrolled_host, '$.hostname')`;
    await sql`update sensor set admitted_hostname = coalesce(${enrolledName}, hostname)`.execute(db);
    await sql`delete from asset_identifier where not exists (
      select 1 from sensor where sensor.asset_id = asset_identifier.asset_id and sensor.awaiting_approval = 0
        and sensor.deleted_at is null and sensor.uninstalled_at is null and sensor.removed_at is null
    ) and not exists (
      select 1 from asset where asset.id = asset_identifier.asset_id and asset.merged_into is not null
    )`.execute(db);
  },
};
