// Fills the database of a started server with a large fleet that enrolled and checked in.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { SQL } from "bun";
import { fleetStatements } from "../harness/fleet-rows.ts";
import type { TargetOptions } from "./target.ts";

export async function insertFleet({ dataDir, databaseUrl }: TargetOptions, sensors: number): Promise<void> {
  const dialect = databaseUrl ? "postgres" : "sqlite";
  const statements = fleetStatements({ dialect, sensors, now: Date.now() });
  if (databaseUrl) {
    await using sql = new SQL(databaseUrl, { max: 1 });
    for (const statement of [...statements, "vacuum analyze"]) await sql.unsafe(statement);
    return;
  }
  using sqlite = new Database(join(dataDir, "attacklens.db"));
  sqlite.run("PRAGMA busy_timeout = 30000");
  // Otherwise each index of a million rows is read from the file repeatedly.
  sqlite.run("PRAGMA cache_size = -1000000");
  for (const statement of statements) sqlite.run(statement);
}
