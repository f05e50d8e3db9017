// Inserts a fleet of any size into a test's database.
import { sql } from "kysely";
import { type FleetRows, fleetStatements } from "../../harness/fleet-rows.ts";
import { dialectOf } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";

/** The database has no such rows yet. */
export async function insertFleet(db: Database, fleet: Omit<FleetRows, "dialect">): Promise<void> {
  for (const statement of fleetStatements({ dialect: dialectOf(db), ...fleet }))
    await sql.raw(statement).execute(db);
}
