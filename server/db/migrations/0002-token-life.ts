// The life of a token after its creation: limits, pause, rotation, rollout; the use ledger; approval and
// blocking of sensors.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const tokenLife: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    const add = (
      table: string,
      name: string,
      type: "integer" | "bigint" | typeof text,
      fallback?: number | string,
    ) =>
      db.schema
        .alterTable(table)
        .addColumn(name, type, (c) => (fallback === undefined ? c : c.notNull().defaultTo(fallback)))
        .execute();

    await add("enrollment_token", "description", text, "");
    await add("enrollment_token", "max_enrollments", "integer");
    for (const list of ["allowed_networks", "allowed_hostnames", "tags"])
      await add("enrollment_token", list, text, "[]");
    await add("enrollment_token", "require_approval", "integer", 0);
    await add("enrollment_token", "ephemeral_hours", "integer");
    await add("enrollment_token", "paused_at", "bigint");
    await add("enrollment_token", "paused_by", text);
    await add("enrollment_token", "rotated_from", text);
    await add("enrollment_token", "roll_out", text, '{"type":"none"}');
    await db.schema
      .createIndex("enrollment_token_rotated")
      .on("enrollment_token")
      .column("rotated_from")
      .execute();

    await add("asset", "tags", text, "[]");
    await add("sensor", "awaiting_approval", "integer", 0);
    await add("sensor", "approved_at", "bigint");
    await add("sensor", "approved_by", text);
    await add("sensor", "blocked_at", "bigint");
    await add("sensor", "blocked_by", text);
    await add("sensor", "ephemeral_hours", "integer");

    await db.schema
      .createTable("enrollment_attempt")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("enrollment_token_id", text, (c) => c.notNull().references("enrollment_token.id"))
      .addColumn("reference", text, (c) => c.notNull())
      // Accepted attempts are numbered from 1: the highest number is the count, and no two can have the same.
      .addColumn("use_number", "integer")
      .addColumn("reason", text)
      .addColumn("detail", text)
      .addColumn("first_at", "bigint", (c) => c.notNull())
      .addColumn("at", "bigint", (c) => c.notNull())
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("address", text, (c) => c.notNull())
      .addColumn("hostname", text, (c) => c.notNull())
      .addColumn("hostname_key", text, (c) => c.notNull())
      .addColumn("public_key", text, (c) => c.notNull())
      .addColumn("sensor_id", text, (c) => c.unique().references("sensor.id"))
      .addUniqueConstraint("enrollment_attempt_use", ["enrollment_token_id", "use_number"])
      .addUniqueConstraint("enrollment_attempt_reference", ["reference", "enrollment_token_id"])
      .execute();
    await sql`
      insert into enrollment_attempt
        (id, enrollment_token_id, reference, use_number, first_at, at, attempts, address, hostname, hostname_key, public_key, sensor_id)
      select e.id, e.enrollment_token_id, e.id,
        row_number() over (partition by e.enrollment_token_id order by e.enrolled_at, e.id),
        e.enrolled_at, e.enrolled_at, 1, e.address, e.hostname, lower(e.hostname), s.public_key, e.sensor_id
      from enrollment e join sensor s on s.id = e.sensor_id`.execute(db);
    await db.schema.dropTable("enrollment").execute();
    await db.schema
      .createIndex("enrollment_attempt_token")
      .on("enrollment_attempt")
      .columns(["enrollment_token_id", "at", "id"])
      .execute();
    await db.schema
      .createIndex("enrollment_attempt_at")
      .on("enrollment_attempt")
      .columns(["at", "id"])
      .execute();
    await db.schema
      .createIndex("enrollment_attempt_host")
      .on("enrollment_attempt")
      .columns(["enrollment_token_id", "hostname_key"])
      .execute();
  },
};
