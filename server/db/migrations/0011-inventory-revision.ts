// A change of a sensor's inventory is a change of the sensor: a server that remembers that a report has
// nothing new forgets it.
import { sql } from "kysely";
import type { Dialect, Migration } from "./migration.ts";

const EVENTS = ["insert", "update", "delete"] as const;

const TRIGGERS: Record<Dialect, string[]> = {
  sqlite: EVENTS.map(
    (event) => `create trigger sensor_inventory_${event} after ${event} on sensor_inventory
      begin update sensor set revision = revision + 1 where id = ${event === "delete" ? "old" : "new"}.sensor_id; end`,
  ),
  // The trigger of the sensor's row counts. Once for a statement: an update leaves a dead row, and a first
  // inventory writes eleven categories.
  postgres: [
    `create function sensor_inventory_changed() returns trigger language plpgsql as $$ begin
      update sensor set revision = revision where id = any(array(select distinct sensor_id from changed));
      return null; end $$`,
    ...EVENTS.map(
      (event) => `create trigger sensor_inventory_${event} after ${event} on sensor_inventory
        referencing ${event === "delete" ? "old" : "new"} table as changed
        for each statement execute function sensor_inventory_changed()`,
    ),
  ],
};

export const inventoryRevision: Migration = {
  async up(db, dialect) {
    for (const statement of TRIGGERS[dialect]) await sql.raw(statement).execute(db);
  },
};
