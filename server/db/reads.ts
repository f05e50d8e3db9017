// A handle for the reads of users. On SQLite it runs in a separate thread, because a statement blocks the
// event loop until it ends. On PostgreSQL it shares the pool, and waits for slots.
import {
  CamelCasePlugin,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { type LongWork, pace } from "../pace.ts";
import { forLongWork } from "./long-work.ts";
import { type DatabaseLocation, sqliteFile } from "./open.ts";
import type { Database, Schema } from "./schema.ts";
import { openThread, type Thread } from "./thread.ts";

export interface ReadQuestion {
  sql: string;
  parameters: readonly unknown[];
}

export interface Reads extends AsyncDisposable {
  /**
   * Only for reads. Each read sees everything that was committed before it. On SQLite, it begins no
   * transactions.
   */
  db: Database;
}

/** `work`: what the reads are for. On SQLite, what follows a statement is a piece of it. */
export function openReads(db: Database, location: DatabaseLocation, work: LongWork): Reads {
  if (location.databaseUrl) return { db: forLongWork(db, work), [Symbol.asyncDispose]: async () => {} };
  const thread: Thread<ReadQuestion, unknown[]> = openThread("server/db/read-worker.ts", {
    file: sqliteFile(location.dataDir),
  });
  const reads = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driverOf(thread, work),
      createIntrospector: (inner) => new SqliteIntrospector(inner),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    plugins: [new CamelCasePlugin()],
  });
  return { db: reads, [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose]() };
}

function driverOf(thread: Thread<ReadQuestion, unknown[]>, work: LongWork): Driver {
  const readsOnly = async () => {
    throw new Error("The handle is for reads alone");
  };
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const rows = (await thread.ask({ sql, parameters })) as Row[];
      await pace.turn(work);
      return { rows };
    },
    // biome-ignore lint/correctness/useYield: nothing is streamed
    async *streamQuery() {
      await readsOnly();
    },
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    beginTransaction: readsOnly,
    commitTransaction: readsOnly,
    rollbackTransaction: readsOnly,
    destroy: async () => {},
  };
}
