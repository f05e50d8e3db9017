// A change of a sensor's inventory is a change of the sensor: a server that remembers that a report has
// nothing new forgets it. A complete inventory ends the status pending, in the same update: on PostgreSQL,
// each update leaves a dead row, with an entry in each index.
import { sql } from "kysely";
import type { Dialect, Migration } from "./migration.ts";

const EVENTS = ["insert", "update", "delete"] as const;
/** So that the plan does not depend on the size of a table when a connection made it. */
const BY_INDEX = ["seqscan", "hashjoin", "mergejoin"].map((kind) => `set enable_${kind} = off`).join(" ");

const sqliteTrigger = (name: string, on: string, columns: string, row = "new") =>
  `create trigger inventory_state_${name} after ${on}
    begin update sensor set revision = revision + 1${columns} where id = ${row}.sensor_id; end`;

const COMPLETED = ", reported_at = coalesce(reported_at, new.completed_at)";

const TRIGGERS: Record<Dialect, string[]> = {
  // A statement that names a column of an index writes the index, even with the same value.
  sqlite: [
    sqliteTrigger("insert", "insert on inventory_state", COMPLETED),
    sqliteTrigger(
      "complete",
      "update on inventory_state when new.completed_at is not old.completed_at",
      COMPLETED,
    ),
    sqliteTrigger("update", "update on inventory_state when new.completed_at is old.completed_at", ""),
    sqliteTrigger("delete", "delete on inventory_state", "", "old"),
  ],
  // The trigger of the sensor's row counts.
  postgres: [
    `create function inventory_state_changed() returns trigger language plpgsql ${BY_INDEX} as $$ begin
      update sensor set reported_at = coalesce(reported_at, changed.completed_at)
        from changed where id = changed.sensor_id;
      return null; end $$`,
    ...EVENTS.map(
      (event) => `create trigger inventory_state_${event} after ${event} on inventory_state
        referencing ${event === "delete" ? "old" : "new"} table as changed
        for each statement execute function inventory_state_changed()`,
    ),
  ],
};

export const inventoryRevision: Migration = {
  async up(db, dialect) {
    for (const statement of TRIGGERS[dialect]) await sql.raw(statement).execute(db);
  },
};
