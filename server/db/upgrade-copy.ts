// A copy of the SQLite database from before an upgrade. It is kept until the new version has started once.
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import type { Database } from "./schema.ts";

const PREFIX = "attacklens.db.before-upgrade-from-";
/** The prefix of the file name of an unfinished database. The process id follows. */
export const UNFINISHED = "attacklens.db.new-";

/**
 * Writes the copy, under a temporary name first. `schema` is its last migration. Returns the path of the
 * copy.
 */
export async function keepUpgradeCopy(db: Database, dataDir: string, schema: string): Promise<string> {
  const path = join(dataDir, PREFIX + schema);
  const unfinished = `${path}.new-${process.pid}`;
  rmSync(unfinished, { force: true });
  try {
    // Consistent while others write, like SQLite's backup interface.
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
 * Removes the copies and the unfinished files of killed starts. Call it after a successful start of the
 * server.
 */
export function removeLeftOvers(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const isLeftOver =
      name.startsWith(PREFIX) || name.startsWith(UNFINISHED) || /^session\.key\.\d+$/.test(name);
    if (isLeftOver) rmSync(join(dataDir, name), { force: true });
  }
}

/** Makes writes to a file, or renames in a folder, survive a power failure. */
export function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
