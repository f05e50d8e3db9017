import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { openDatabase } from "./open.ts";
import { openReads } from "./reads.ts";
import { openThread, type Thread } from "./thread.ts";

const folder = mkdtempSync(join(tmpdir(), "attacklens-thread-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const counting = (to: number) =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${to}) select count(*) as n from n`;

async function openFile() {
  const dataDir = mkdtempSync(join(folder, "data-"));
  const db = await openDatabase({ dataDir });
  return { db, location: { dataDir }, file: join(dataDir, "attacklens.db") };
}

test("reads see everything that was committed before them, and cannot write", async () => {
  const { db, location } = await openFile();
  await using reads = openReads(db, location, "page");
  const named = () =>
    reads.db.selectFrom("setting").select("name").where("name", "like", "setting %").execute();
  for (let index = 0; index < 20; index++) {
    await db
      .insertInto("setting")
      .values({ name: `setting ${index}`, value: "" })
      .execute();
    expect(await named()).toHaveLength(index + 1);
  }
  const deleted = await reads.db
    .deleteFrom("setting")
    .execute()
    .catch((error: unknown) => error);
  expect(deleted).toMatchObject({ code: "SQLITE_READONLY" });
  expect(await named()).toHaveLength(20);
  await db.destroy();
});

test("the event loop continues while a long read runs", async () => {
  const { db, location } = await openFile();
  await using reads = openReads(db, location, "page");
  await sql.raw(counting(1)).execute(reads.db);
  let longestMs = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 1);
  const startedAt = performance.now();
  await sql.raw(counting(5_000_000)).execute(reads.db);
  const tookMs = performance.now() - startedAt;
  clearInterval(beat);
  expect(longestMs).toBeLessThan(tookMs / 2);
  await db.destroy();
});

test("a read that takes too long fails as unavailable, and waiting reads run in a new thread", async () => {
  const { db, file } = await openFile();
  // Includes the start of a thread on a busy machine.
  const limits = { waiting: 2, timeMs: 1_500 };
  const thread: Thread<{ sql: string; parameters: unknown[] }, unknown[]> = openThread(
    "server/db/read-worker.ts",
    { file },
    limits,
  );
  const ask = (text: string) => thread.ask({ sql: text, parameters: [] });
  expect(await ask("select 1 as n")).toEqual([{ n: 1 }]);
  const [long, next, after, refused] = await Promise.allSettled([
    ask(counting(30_000_000)),
    ask("select 2 as n"),
    ask("select nothing"),
    ask("select 4 as n"),
  ]);
  expect(long).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
  expect(next).toMatchObject({ status: "fulfilled", value: [{ n: 2 }] });
  expect(after).toMatchObject({ status: "rejected", reason: { code: "SQLITE_ERROR" } });
  expect(refused).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
  const closing = ask(counting(3_000_000));
  await thread[Symbol.asyncDispose]();
  expect(closing).rejects.toMatchObject({ code: "unavailable" });
  expect(ask("select 1 as n")).rejects.toMatchObject({ code: "unavailable" });
  await db.destroy();
});
