// Handles for long work. On PostgreSQL, they have the same connections as others, but wait for a slot before
// each statement or transaction. On SQLite, statements run on the event loop, which has turns.
import { CamelCasePlugin, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { type LongWork, pace } from "../pace.ts";
import type { Database, Schema } from "./schema.ts";

interface Shared {
  pool: PostgresPool;
  handles: Map<LongWork, Database>;
}

const shared = new WeakMap<Database, Shared>();
const origins = new WeakMap<Database, Database>();

/** Opens a handle on connections to PostgreSQL. */
export function openOnPool(pool: PostgresPool): Database {
  const db = openHandle(pool);
  shared.set(db, { pool, handles: new Map() });
  return db;
}

/** Returns a handle for long work, or the transaction or the SQLite database itself. */
export function forLongWork(db: Database, kind: LongWork): Database {
  const found = shared.get(db);
  if (!found) return db;
  const { pool, handles } = found;
  const handle = handles.get(kind) ?? openHandle(withSlots(pool, kind));
  handles.set(kind, handle);
  origins.set(handle, db);
  return handle;
}

/** Returns the handle from which `forLongWork` made this one, or the handle itself. */
export function originOf(db: Database): Database {
  return origins.get(db) ?? db;
}

function openHandle(pool: PostgresPool): Database {
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
}

function withSlots(pool: PostgresPool, kind: LongWork): PostgresPool {
  return {
    options: pool.options,
    // The connections belong to the other handle.
    async end() {},
    async connect(): Promise<PostgresPoolClient> {
      const freeSlot = await pace.slot(kind);
      try {
        const client = await pool.connect();
        return {
          query: client.query.bind(client),
          release(isDiscarded) {
            client.release(isDiscarded);
            freeSlot();
          },
        };
      } catch (error) {
        freeSlot();
        throw error;
      }
    },
  };
}
