// A copy of the SQLite database from before an upgrade, kept beside it until the new version has started
// once.
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import type { Database } from "./schema.ts";

const PREFIX = "attacklens.db.before-upgrade-from-";
/** Begins the name of a database that is being made, and has the number of the process. */
export const UNFINISHED = "attacklens.db.new-";

/**
 * Writes the copy whole under another name first. `schema` is the last migration that it has. Returns its
 * path.
 */
export async function keepUpgradeCopy(db: Database, dataDir: string, schema: string): Promise<string> {
  const path = join(dataDir, PREFIX + schema);
  const unfinished = `${path}.new-${process.pid}`;
  rmSync(unfinished, { force: true });
  try {
    // Consistent while others write, as SQLite's backup interface is.
    await sql`vacuum into ${unfinished}`.execute(db);
    syncPath(unfinished);
    renameSync(unfinished, path);
    syncPath(dataDir);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  return path;
}

/**
 * For a successful start of the one server of the folder: removes the copies, and what a start that was
 * killed left.
 */
export function removeLeftOvers(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const isLeftOver =
      name.startsWith(PREFIX) || name.startsWith(UNFINISHED) || /^session\.key\.\d+$/.test(name);
    if (isLeftOver) rmSync(join(dataDir, name), { force: true });
  }
}

/** What was written to a file, or renamed in a folder, survives a power cut. */
export function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
