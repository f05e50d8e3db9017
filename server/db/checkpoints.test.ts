import { Database as BunDatabase } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { waitUntil } from "../../harness/wait-until.ts";
import { openCheckpoints } from "./checkpoints.ts";
import { openDatabase, sqliteFile } from "./open.ts";
import type { Database } from "./schema.ts";

const folder = mkdtempSync(join(tmpdir(), "attacklens-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MEBIBYTE = 2 ** 20;

async function openFile() {
  const dataDir = mkdtempSync(join(folder, "data-"));
  const file = sqliteFile(dataDir);
  const checkpoints = openCheckpoints(file);
  let requests = 0;
  const request = () => {
    requests++;
    checkpoints.request();
  };
  const db = await openDatabase({ dataDir }, { onLargeWal: request });
  return { dataDir, file, checkpoints, db, requests: () => requests };
}

let written = 0;

async function write(db: Database, mebibytes: number): Promise<void> {
  for (let index = 0; index < mebibytes; index++)
    await db
      .insertInto("setting")
      .values({ name: `large ${written++}`, value: "x".repeat(MEBIBYTE) })
      .execute();
}

async function walPages(db: Database): Promise<{ log: number; checkpointed: number }> {
  const { rows } = await sql<{ log: number; checkpointed: number }>`pragma wal_checkpoint(noop)`.execute(db);
  return rows[0]!;
}

test("a thread copies a large WAL into the file, the next write starts the WAL again, and no write is lost", async () => {
  const { dataDir, file, checkpoints, db, requests } = await openFile();
  await write(db, 12);
  expect(requests()).toBe(0);
  await waitUntil("the WAL is short again", async () => {
    await write(db, 1);
    return requests() > 0 && (await walPages(db)).log < 1_000;
  });
  expect(statSync(file).size).toBeGreaterThan(16 * MEBIBYTE);
  await checkpoints[Symbol.asyncDispose]();
  await db.destroy();
  expect(existsSync(`${file}-wal`)).toBe(false);
  await using again = await openDatabase({ dataDir });
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from setting where length(value) = ${MEBIBYTE}`.execute(again);
  expect(rows[0]!.found).toBe(written);
});

test("a long read keeps the WAL from being copied, and the WAL is copied after it", async () => {
  const { file, checkpoints, db, requests } = await openFile();
  const reader = new BunDatabase(file, { readonly: true });
  reader.run("begin");
  reader.query("select count(*) from setting").get();
  await write(db, 24);
  await waitUntil("a checkpoint was requested twice", async () => {
    await write(db, 1);
    return requests() > 1;
  });
  expect((await walPages(db)).checkpointed).toBeLessThan(1_000);
  reader.run("commit");
  reader.close();
  await waitUntil("the WAL is short again", async () => {
    await write(db, 1);
    return (await walPages(db)).log < 1_000;
  });
  await checkpoints[Symbol.asyncDispose]();
  await db.destroy();
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test("a checkpoint that runs while the server stops ends first, and leaves no WAL", async () => {
  const { file, checkpoints, db, requests } = await openFile();
  while (requests() === 0) await write(db, 4);
  await checkpoints[Symbol.asyncDispose]();
  checkpoints.request();
  await db.destroy();
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test("statements are not streamed, because one that is left open would keep the WAL", async () => {
  const { db, checkpoints } = await openFile();
  await write(db, 2);
  const first = db.selectFrom("setting").select("name").stream()[Symbol.asyncIterator]().next();
  await expect(first).rejects.toThrow("not streamed");
  const { log } = await walPages(db);
  expect(log).toBeGreaterThan(0);
  await db.destroy();
  await checkpoints[Symbol.asyncDispose]();
});
