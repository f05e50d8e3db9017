// One row for every public key that is, was, or is announced as a sensor's key, so that two sensors never
// share a key.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const knownKeys: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    await db.schema
      .createTable("known_key")
      .addColumn("public_key", text, (c) => c.primaryKey())
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("state", text, (c) => c.notNull())
      .addColumn("origin", text, (c) => c.notNull())
      .addColumn("replaced_at", "bigint")
      .execute();
    await db.schema.createIndex("known_key_sensor").on("known_key").columns(["sensor_id", "state"]).execute();
    // If two sensors share a key from an earlier version, the sensor that uses it keeps it.
    await sql`
      insert into known_key (public_key, sensor_id, state, origin, replaced_at)
      select public_key, id, 'present',
        case
          when public_key in (select public_key from re_enroll_ticket where public_key is not null) then 'ticket'
          when key_changed_at > enrolled_at then 'announcement'
          when copied_from is not null then 'clone'
          else 'enrollment'
        end, null from sensor`.execute(db);
    await sql`
      insert into known_key (public_key, sensor_id, state, origin, replaced_at)
      select public_key, sensor_id, reason, 'enrollment', replaced_at from sensor_key
      where public_key not in (select public_key from known_key)`.execute(db);
    // The other sensor keeps its present key, and will announce a different one.
    await sql`
      update sensor set next_public_key = null
      where next_public_key in (select public_key from known_key)`.execute(db);
    await sql`
      insert into known_key (public_key, sensor_id, state, origin, replaced_at)
      select next_public_key, id, 'next', 'announcement', null from sensor where next_public_key is not null`.execute(
      db,
    );
    await db.schema.dropTable("sensor_key").execute();
  },
};
