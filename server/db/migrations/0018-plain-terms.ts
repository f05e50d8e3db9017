// The field's terms for tables and columns: clones and their instances, matches, rollouts.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

const TABLES = [
  ["sensor_boot", "sensor_instance"],
  ["sensor_likeness", "sensor_match"],
  ["token_roll_out", "token_rollout"],
] as const;

const COLUMNS = [
  ["enrollment_token", "copies", "cloned_hosts"],
  ["enrollment_token", "reinstalls", "reimaged_hosts"],
  ["sensor", "boot_id", "instance_id"],
  ["sensor", "copied_from", "cloned_from"],
  ["sensor_instance", "boot_id", "instance_id"],
  ["sensor_instance", "copy_sensor_id", "clone_sensor_id"],
] as const;

/** PostgreSQL shows the names of constraints in errors and in the schema. */
const CONSTRAINTS = [
  ["sensor", "sensor_copied_from_fkey", "sensor_cloned_from_fkey"],
  ["sensor_instance", "sensor_boot_pk", "sensor_instance_pk"],
  ["sensor_instance", "sensor_boot_sensor_id_fkey", "sensor_instance_sensor_id_fkey"],
  ["sensor_instance", "sensor_boot_copy_sensor_id_fkey", "sensor_instance_clone_sensor_id_fkey"],
  ["sensor_match", "sensor_likeness_key", "sensor_match_key"],
  ["sensor_match", "sensor_likeness_sensor_id_fkey", "sensor_match_sensor_id_fkey"],
  ["sensor_match", "sensor_likeness_predecessor_id_fkey", "sensor_match_predecessor_id_fkey"],
  ["sensor_match", "sensor_likeness_former_asset_id_fkey", "sensor_match_former_asset_id_fkey"],
  ["sensor_match", "sensor_likeness_decided_by_fkey", "sensor_match_decided_by_fkey"],
  ["token_rollout", "token_roll_out_pkey", "token_rollout_pkey"],
  ["token_rollout", "token_roll_out_enrollment_token_id_fkey", "token_rollout_enrollment_token_id_fkey"],
] as const;

export const plainTerms: Migration = {
  async up(db, dialect) {
    for (const [from, to] of TABLES) await db.schema.alterTable(from).renameTo(to).execute();
    for (const [table, from, to] of COLUMNS) {
      await db.schema.alterTable(table).renameColumn(from, to).execute();
    }
    if (dialect === "postgres") {
      for (const [table, from, to] of CONSTRAINTS) {
        await sql`alter table ${sql.table(table)} rename constraint ${sql.id(from)} to ${sql.id(to)}`.execute(
          db,
        );
      }
    }
    await db.schema.dropIndex("sensor_copied_from").execute();
    await sql`create index sensor_cloned_from on sensor (cloned_from) where cloned_from is not null`.execute(
      db,
    );
    await db.schema.dropIndex("sensor_likeness_predecessor").execute();
    await db.schema
      .createIndex("sensor_match_predecessor")
      .on("sensor_match")
      .column("predecessor_id")
      .execute();
    await db.schema.dropIndex("sensor_likeness_open").execute();
    await sql`create index sensor_match_open on sensor_match (sensor_id) where decision is null`.execute(db);
    await sql`update enrollment_token set cloned_hosts = 'reject' where cloned_hosts = 'refuse'`.execute(db);
    await sql`update sensor_instance set state = 'clone' where state = 'copy'`.execute(db);
    await sql`update sensor_match set decision = 'dismissed' where decision = 'kept'`.execute(db);
    await sql`update enrollment_attempt set reason = 'sensor-cloned' where reason = 'sensor-copied'`.execute(
      db,
    );
  },
};
