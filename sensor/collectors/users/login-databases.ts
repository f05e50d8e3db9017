// The last sign-ins in the databases that replace lastlog and wtmp: lastlog2 of util-linux, and wtmpdb.
import { gapOf } from "../collector.ts";
import { openRandomAccess } from "../databases/random-access.ts";
import { readSqliteRows } from "../databases/sqlite.ts";
import { withSqliteLog } from "../databases/sqlite-log.ts";
import type { HostFiles } from "../host-files.ts";
import type { LastLogin } from "./last-logins.ts";

type Row = readonly unknown[];

interface LoginDatabase {
  path: string;
  table: string;
  /** Undefined for a row that is no sign-in. */
  read(row: Row): { name: string; login: LastLogin } | undefined;
}

const USER_PROCESS = 3;
const DATABASES: LoginDatabase[] = [
  {
    path: "/var/lib/lastlog/lastlog2.db",
    table: "Lastlog2",
    read: ([name, seconds, terminal, host]) => loginOf(name, seconds, terminal, host),
  },
  ...["/var/lib/wtmpdb/wtmp.db", "/var/log/wtmp.db"].map((path) => ({
    path,
    table: "wtmp",
    // The first column is the number of the row, which SQLite stores apart. Times are in microseconds.
    read: ([, type, name, time, , terminal, host]: Row) =>
      type === USER_PROCESS && typeof time === "number"
        ? loginOf(name, Math.floor(time / 1_000_000), terminal, host)
        : undefined,
  })),
];
const MAX_ROW_BYTES = 16 * 1024;
const MAX_ROWS = 1_000_000;
const MAX_SECONDS = 0xffff_ffff;

/** Calls `note` with each sign-in. A database that cannot be read is a gap. */
export function readLoginDatabases(files: HostFiles, note: (name: string, login: LastLogin) => void): void {
  for (const database of DATABASES) {
    try {
      readDatabase(files, database, note);
    } catch (error) {
      files.noteGap(gapOf(error, database.path));
    }
  }
}

function readDatabase(
  files: HostFiles,
  { path, table, read }: LoginDatabase,
  note: (name: string, login: LastLogin) => void,
): void {
  const opened = openRandomAccess(files, path);
  if (opened === undefined) return;
  using database = withSqliteLog(opened, openRandomAccess(files, `${path}-wal`));
  const skip = (error: unknown) => files.noteGap({ ...gapOf(error, path), kind: "damaged" });
  let rows = 0;
  for (const row of readSqliteRows(database, table, MAX_ROW_BYTES, skip)) {
    rows += 1;
    if (rows > MAX_ROWS) {
      files.noteGap({ kind: "limit", subject: path, reason: `more than ${MAX_ROWS} rows` });
      return;
    }
    const found = read(row);
    if (found) note(found.name, found.login);
  }
}

function loginOf(name: unknown, seconds: unknown, terminal: unknown, host: unknown) {
  if (typeof name !== "string" || typeof seconds !== "number") return undefined;
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) return undefined;
  const from = [host, terminal].find((text): text is string => typeof text === "string" && text !== "");
  return { name, login: { seconds, from: from ?? "" } };
}
