// Finds rpm's database and reads its records in any of the three formats. Not with a library: librpm is
// native and may be missing on a host, and no JavaScript library reads all three formats.

import { constants, Database } from "bun:sqlite";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { CannotRead } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { type ReadAt, readBerkeleyDbBlobs } from "./rpm-berkeley-db.ts";
import { parseRpmHeader, type RpmHeader } from "./rpm-header.ts";
import { readNdbBlobs } from "./rpm-ndb.ts";

/** The newer folder first. If both exist, one is a link to the other. */
const FOLDERS = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/** In rpm's search order. */
const FORMATS: { file: string; read: (path: string) => RpmHeader[] }[] = [
  { file: "rpmdb.sqlite", read: readSqlite },
  { file: "Packages.db", read: (path) => readBlobs(path, readNdbBlobs) },
  { file: "Packages", read: (path) => readBlobs(path, readBerkeleyDbBlobs) },
];

/** Undefined if there is no database. Throws if it cannot be read. */
export function readRpmHeaders(files: HostFiles): RpmHeader[] | undefined {
  for (const { file, read } of FORMATS) {
    for (const folder of FOLDERS) {
      const path = files.findRealPath(`${folder}/${file}`);
      if (path === undefined) continue;
      try {
        return read(path);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new CannotRead(`${folder}/${file}`, reason, "damaged", { cause });
      }
    }
  }
  return undefined;
}

function readSqlite(path: string): RpmHeader[] {
  // If the database is opened as immutable, SQLite creates no -wal and -shm files beside it, but ignores an
  // existing log. So a database with a log in use is opened normally.
  const isLogInUse = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const name = encodeURI(path).replaceAll("?", "%3f").replaceAll("#", "%23");
  const database = isLogInUse
    ? new Database(path, { readonly: true })
    : new Database(`file:${name}?immutable=1`, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
  try {
    const records = database.query<{ blob: Uint8Array }, []>("SELECT blob FROM Packages ORDER BY hnum");
    return headersOf(records.iterate(), ({ blob }) => blob);
  } finally {
    database.close();
  }
}

function readBlobs(path: string, blobsIn: (readAt: ReadAt) => Generator<Uint8Array>): RpmHeader[] {
  const file = openSync(path, "r");
  try {
    const readAt: ReadAt = (offset, length) => {
      const buffer = Buffer.allocUnsafe(length);
      return buffer.subarray(0, readSync(file, buffer, 0, length, offset));
    };
    return headersOf(blobsIn(readAt), (blob) => blob);
  } finally {
    closeSync(file);
  }
}

/** Reads one record at a time, because a database may be much larger than the fields that are used. */
function headersOf<T>(records: Iterable<T>, blobOf: (record: T) => Uint8Array): RpmHeader[] {
  const headers: RpmHeader[] = [];
  for (const record of records) {
    if (headers.length > MAX_ITEMS) throw new Error(`it has more than ${MAX_ITEMS} packages`);
    headers.push(parseRpmHeader(blobOf(record)));
  }
  return headers;
}
