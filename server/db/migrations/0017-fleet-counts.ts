// Counts and sweeps of sensors and assets read a small index or a counter instead of the whole fleet.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

const INDEXES = {
  // A token's sensors by hostname, with all columns that decide whether they can be blocked.
  sensor_token: "sensor (enrollment_token_id, hostname_key, id, enrolled_at, blocked_at, deleted_at)",
  // The number of sensors of a token by standing.
  sensor_token_standing: "sensor (enrollment_token_id, standing, id)",
  sensor_unreported: "sensor (enrollment_token_id, id) where reported_at is null",
  // The sweeps of every minute.
  sensor_ephemeral:
    "sensor (id, ephemeral_hours) where ephemeral_hours is not null and deleted_at is null and removed_at is null",
  sensor_removed: "sensor (removed_at) where removed_at is not null and deleted_at is null",
  enrollment_token_valid:
    "enrollment_token (asset_group_id, expires_at) where deleted_at is null and revoked_at is null",
};

export const fleetCounts: Migration = {
  async up(db) {
    await sql`alter table asset_group add column assets bigint default 0 not null`.execute(db);
    await sql`update asset_group set assets =
      (select count(*) from asset where asset.asset_group_id = asset_group.id and asset.merged_into is null)`.execute(
      db,
    );
    for (const index of ["sensor_token", "sensor_ephemeral", "sensor_removed"])
      await db.schema.dropIndex(index).execute();
    for (const [name, on] of Object.entries(INDEXES))
      await sql.raw(`create index ${name} on ${on}`).execute(db);
  },
};
