// Connections that end, and a stall of the process, as of a virtual machine that is paused.
import { expect, test } from "bun:test";
import { sql } from "kysely";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { openDatabase } from "./open.ts";

/** Longer than a request may wait for a connection. */
const STALL_MS = 5_500;

test.if(TESTED_DIALECTS.includes("postgres"))(
  "the error of a lost connection has no details of the connection",
  async () => {
    await using database = await createTestDatabase("postgres");
    const lost = Promise.withResolvers<Error>();
    const db = await openDatabase(
      { ...database.location, maxConnections: 1 },
      { onConnectionError: lost.resolve },
    );
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(database.db);
    const error = await lost.promise;
    expect([error.message, Object.keys(error)]).toEqual([
      expect.stringContaining("onnection"),
      expect.not.arrayContaining(["client"]),
    ]);
    expect(JSON.stringify({ ...error })).not.toContain("secretKey");
    await db.destroy();
  },
);

test.if(TESTED_DIALECTS.includes("postgres"))(
  "a request that waits for a connection while the process stalls gets one after it",
  async () => {
    await using database = await createTestDatabase("postgres");
    const db = await openDatabase({ ...database.location, maxConnections: 1 });
    const started = Promise.withResolvers<void>();
    const stalled = Promise.withResolvers<void>();
    const holder = db.transaction().execute(async (tx) => {
      started.resolve();
      await stalled.promise;
      await sql`select 1`.execute(tx);
    });
    await started.promise;
    const waiting = sql<{ value: number }>`select 2 as value`.execute(db);
    await sql`select 1`.execute(database.db);
    Bun.sleepSync(STALL_MS);
    stalled.resolve();
    await holder;
    expect((await waiting).rows).toEqual([{ value: 2 }]);
    await db.destroy();
  },
);
