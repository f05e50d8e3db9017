// Databases that a program must not use or change, and the errors that it reports for them.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { sql } from "kysely";
import { createTestDatabase as createEmptyDatabase } from "../../harness/databases.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { explainDatabase } from "./explain.ts";
import { MIGRATIONS } from "./migrate.ts";
import { openDatabase, openExistingDatabase } from "./open.ts";

const LATEST = Object.keys(MIGRATIONS).at(-1);

function temporaryFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "attacklens-open-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

// A connection that is still open under the name with which the file was created keeps its locks and its
// shared memory there. Another process that opens the file would see neither, and delete the WAL.
test("a new SQLite file has its shared memory beside it, and leaves nothing when it is closed", async () => {
  using folder = temporaryFolder();
  const db = await openDatabase({ dataDir: folder.path });
  const names = () => readdirSync(folder.path).map((name) => name.slice(-4));
  expect(names().toSorted()).toEqual(["-shm", "-wal", "s.db"]);
  // A statement that is too long to be kept.
  await sql`select 1 ${sql.raw(" ".repeat(5_000))}`.execute(db);
  await db.destroy();
  expect(names()).toEqual(["s.db"]);
});

for (const dialect of TESTED_DIALECTS) {
  test(`refuses a database of a newer release and names its version (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2027-01-01T00:00:00.000Z')`.execute(
      db,
    );
    await sql`update setting set value = '2027.1.0' where name = 'written-by'`.execute(db);
    for (const open of [() => database.reopen(), () => openExistingDatabase(database.location, 0)]) {
      await expect(open()).rejects.toThrow(
        /AttackLens 2027\.1\.0 wrote it with the schema 9999-later, which this AttackLens \d{4}\.\d+\.\d+ does not know/,
      );
    }
  });

  test(`a command does not create or upgrade a database (${dialect})`, async () => {
    using folder = temporaryFolder();
    await using database = await createTestDatabase(dialect);
    const { location } = database;
    await sql`delete from kysely_migration where name = ${LATEST}`.execute(database.db);
    await expect(openExistingDatabase(location, 200)).rejects.toThrow("of an earlier release");
    if (dialect === "postgres") return;
    const dataDir = join(folder.path, "typo");
    await expect(openExistingDatabase({ dataDir }, 200)).rejects.toThrow(`there is none in ${dataDir}`);
    expect(readdirSync(folder.path)).toEqual([]);
  }, 120_000);
}

describe("an error for an empty PostgreSQL database in which no table can be created", () => {
  const failure = async (databaseUrl: string) => {
    using folder = temporaryFolder();
    const opened = openDatabase({ dataDir: folder.path, databaseUrl });
    return explainDatabase(
      await opened.then(
        (db) => db.destroy(),
        (error: unknown) => error,
      ),
    );
  };

  test("says to use the primary if the database is read-only", async () => {
    await using database = await createEmptyDatabase();
    await using admin = new SQL(database.url, { max: 1 });
    const name = new URL(database.url).pathname.slice(1);
    await admin.unsafe(`alter database "${name}" set default_transaction_read_only = on`);
    expect(await failure(database.url)).toContain("name the primary in DATABASE_URL, not a standby");
  });

  test("says that the user may not create tables", async () => {
    await using database = await createEmptyDatabase();
    await using admin = new SQL(database.url, { max: 1 });
    const role = `reader_${crypto.randomUUID().replaceAll("-", "")}`;
    await admin.unsafe(`create role ${role} login password 'reader'`);
    try {
      await admin.unsafe("revoke create on schema public from public");
      const url = new URL(database.url);
      [url.username, url.password] = [role, "reader"];
      expect(await failure(url.href)).toContain("the user in DATABASE_URL may not create tables");
    } finally {
      await admin.unsafe(`drop role ${role}`);
    }
  });
});
