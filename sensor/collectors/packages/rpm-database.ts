// Finds rpm's database and reads its records in any of the three formats, without changing or locking it. Not
// with a library: librpm is native and may be missing on a host. SQLite's own library would execute views
// that a hostile file defines, load records of any size, and write files beside a database whose log is in
// use.
import { BudgetSpent } from "../budget.ts";
import { CannotRead, TooSlow } from "../collector.ts";
import { openRandomAccess, type RandomAccess } from "../databases/random-access.ts";
import { LimitError, type SkipRecord } from "../databases/skip-record.ts";
import { withSqliteLog } from "../databases/sqlite-log.ts";
import type { StoredRecord } from "../databases/stored-record.ts";
import { type HostFiles, linkTarget } from "../host-files.ts";
import { readBerkeleyDbBlobs } from "./rpm-berkeley-db.ts";
import { readRpmSettings } from "./rpm-folders.ts";
import { parseRpmHeader, RPM_TAG, type RpmHeader } from "./rpm-header.ts";
import { NDB_WINDOW_BYTES, readNdbBlobs } from "./rpm-ndb.ts";
import { readSqliteBlobs } from "./rpm-sqlite.ts";

/** More than a report contains, so that the true number of packages can be reported. */
const MAX_PACKAGES = 200_000;

interface Format {
  backend: string;
  file: string;
  /** Headers are long, and only their start is read: larger windows would read most of a database. */
  windowBytes: number;
  read(access: RandomAccess, skip: SkipRecord): Generator<StoredRecord>;
}

/** In rpm's search order. */
const FORMATS: readonly Format[] = [
  { backend: "sqlite", file: "rpmdb.sqlite", windowBytes: 16 * 1024, read: readSqliteBlobs },
  { backend: "ndb", file: "Packages.db", windowBytes: NDB_WINDOW_BYTES, read: readNdbBlobs },
  // Each of its pages is looked at.
  { backend: "bdb", file: "Packages", windowBytes: 64 * 1024, read: readBerkeleyDbBlobs },
];

/**
 * The headers of the first database that has any. A database without packages is the relic of a conversion.
 * Undefined if there is no database. Throws CannotRead if a database cannot be read: what another one
 * contains may be years old.
 */
export function readRpmHeaders(files: HostFiles): Iterable<RpmHeader> | undefined {
  const { folders, backend } = readRpmSettings(files);
  const formats = FORMATS.toSorted((one, other) => preference(other, backend) - preference(one, backend));
  let found = false;
  for (const folder of folders) {
    for (const { file, windowBytes, read } of formats) {
      const path = `${folder}/${file}`;
      const access = openDatabase(files, path, windowBytes);
      if (access === undefined) continue;
      found = true;
      const headers = readDatabase(files, path, access, read);
      const first = headers.next();
      if (!first.done) return withFirst(first.value, headers);
    }
  }
  return found ? [] : undefined;
}

function* withFirst(first: RpmHeader, rest: Iterable<RpmHeader>): Generator<RpmHeader> {
  yield first;
  yield* rest;
}

function preference(format: Format, backend: string | undefined): number {
  return format.backend === backend || (format.backend === "bdb" && backend === "bdb_ro") ? 1 : 0;
}

function* readDatabase(
  files: HostFiles,
  path: string,
  opened: RandomAccess,
  read: Format["read"],
): Generator<RpmHeader, void, undefined> {
  using access = opened;
  const failures: { count: number; first?: unknown } = { count: 0 };
  let count = 0;
  const skip: SkipRecord = (error) => {
    if (error instanceof TooSlow || error instanceof BudgetSpent) throw error;
    failures.count += 1;
    failures.first ??= error;
  };
  try {
    const records = access.sizeBytes > 0 ? read(access, skip) : [];
    for (const record of records) {
      if (count >= MAX_PACKAGES) throw new LimitError(`more than ${MAX_PACKAGES} packages`);
      const header = findHeader(record, skip);
      if (header === undefined) continue;
      count += 1;
      yield header;
    }
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    // What was read before is right, so only the rest is missing.
    failures.count += 1;
    failures.first = error;
  }
  if (failures.count === 0) return;
  const { first } = failures;
  const reason = first instanceof Error ? first.message : String(first);
  const kind = first instanceof LimitError || first instanceof BudgetSpent ? "limit" : "damaged";
  if (count === 0) throw new CannotRead(path, reason, kind, { cause: first });
  files.noteGap({ kind, subject: path, reason, count: failures.count });
}

function findHeader(record: StoredRecord, skip: SkipRecord): RpmHeader | undefined {
  try {
    const header = parseRpmHeader(record);
    if (!header.has(RPM_TAG.name)) throw new RangeError("an RPM header has no name");
    return header;
  } catch (error) {
    skip(error);
    return undefined;
  }
}

function openDatabase(files: HostFiles, path: string, windowBytes: number): RandomAccess | undefined {
  const access = openRandomAccess(files, path, windowBytes);
  if (access === undefined || !path.endsWith(".sqlite")) return access;
  // SQLite puts the log beside the file that a link leads to.
  const link = files.findLink(path);
  const real = link === undefined ? path : linkTarget(path, link);
  return withSqliteLog(access, openRandomAccess(files, `${real}-wal`));
}
