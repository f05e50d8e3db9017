// Handles for long work. On PostgreSQL, they have the same connections as others, but wait for a slot before
// each statement or transaction. Uploads leave half of the connections to other requests. On SQLite,
// statements run on the event loop, which has turns.
import { CamelCasePlugin, Kysely, PostgresDialect, type PostgresPoolClient } from "kysely";
import { type LongWork, pace } from "../pace.ts";
import type { ConnectionPool } from "./postgres.ts";
import type { Database, Schema } from "./schema.ts";

interface Shared {
  pool: ConnectionPool;
  handles: Map<LongWork, Database>;
}

const shared = new WeakMap<Database, Shared>();
const origins = new WeakMap<Database, Database>();

/** Opens a handle on connections to PostgreSQL. */
export function openOnPool(pool: ConnectionPool): Database {
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

function openHandle(pool: ConnectionPool): Database {
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
}

function withSlots(pool: ConnectionPool, kind: LongWork): ConnectionPool {
  const share = kind === "upload" ? openHalf(pool) : undefined;
  return {
    options: pool.options,
    // The connections belong to the other handle.
    async end() {},
    async connect(): Promise<PostgresPoolClient> {
      await share?.take();
      const freeSlot = await pace.slot(kind);
      const free = () => {
        freeSlot();
        share?.giveBack();
      };
      try {
        const client = await pool.connect();
        return {
          query: client.query.bind(client),
          release(isDiscarded) {
            client.release(isDiscarded);
            free();
          },
        };
      } catch (error) {
        free();
        throw error;
      }
    },
  };
}

/**
 * Half of the connections of a pool, of which there may be fewer later. A transaction must not wait for
 * another one of them.
 */
function openHalf({ options }: ConnectionPool) {
  const waiting: (() => void)[] = [];
  let taken = 0;
  function next(): void {
    while (waiting.length > 0 && taken < Math.max(1, Math.floor(options.max / 2))) {
      taken++;
      waiting.shift()!();
    }
  }
  return {
    take(): Promise<void> {
      return new Promise((resolve) => {
        waiting.push(resolve);
        next();
      });
    },
    giveBack(): void {
      taken--;
      next();
    },
  };
}
