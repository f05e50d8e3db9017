// Only one server at a time may use the SQLite database of a data folder, because two would miss each other's
// changes. The lock is an SQLite lock on a small file. The operating system releases it when the process ends
// for any reason.

import { Database as BunDatabase } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { DatabaseError } from "./explain.ts";

/** Throws DatabaseError with the name of the server that uses the folder. */
export function lockDataDir(dataDir: string, listen: string): Disposable {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  process.umask(0o077);
  const lock = new BunDatabase(join(dataDir, "serve.lock"), { create: true, strict: true });
  try {
    // Without a WAL, others can still read what the holder wrote before it took the exclusive lock.
    lock.run("PRAGMA journal_mode = DELETE");
    lock.run("BEGIN IMMEDIATE");
    lock.run(
      "CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, listen TEXT NOT NULL, since TEXT NOT NULL)",
    );
    lock.run("DELETE FROM holder");
    lock.run("INSERT INTO holder VALUES (?, ?, ?)", [process.pid, listen, new Date().toISOString()]);
    lock.run("COMMIT");
    lock.run("BEGIN IMMEDIATE");
  } catch (error) {
    const holder = isBusy(error) ? readHolder(lock) : undefined;
    lock.close();
    if (!isBusy(error)) throw error;
    throw new DatabaseError(
      `Cannot start the server: another one uses ${dataDir}${holder ? `: process ${holder.pid}, listening on ${holder.listen}, since ${holder.since}` : ""}`,
      "stop that one first, or name another folder with --data; several servers share a PostgreSQL (DATABASE_URL)",
    );
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function readHolder(lock: BunDatabase): { pid: number; listen: string; since: string } | undefined {
  try {
    return lock.query("SELECT pid, listen, since FROM holder").get() as ReturnType<typeof readHolder>;
  } catch {
    return undefined;
  }
}

function isBusy(error: unknown): boolean {
  return errnoCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}
