// PostgreSQL with pg, whose connections also support LISTEN.
import type { EventEmitter } from "node:events";
import type { PostgresPool } from "kysely";
import pg from "pg";
import { markOutage } from "./dialect.ts";
import { openPreparation } from "./prepared.ts";

export interface PostgresOptions {
  /** This process's share of the server's max_connections; absent: 10. */
  maxConnections?: number | undefined;
  /** Use one connection, without time limits for statements. */
  isForMigration?: boolean;
  /** Keep connections open that are not used. */
  keepsIdle?: boolean;
  /** Receives the error of a lost connection, or of PostgreSQL without a free one. */
  onConnectionError?: ((error: Error) => void) | undefined;
}

/** Connections to PostgreSQL, of which there may be fewer later. */
export interface ConnectionPool extends PostgresPool {
  options: { max: number };
}

export const DEFAULT_MAX_CONNECTIONS = 10;
/** The longest wait of a request for a connection. */
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * A time limit that ends this late shows that the process did not run for a while, as when the machine
 * stalls. Then a connection may be free, or open, and the process has not noticed it yet.
 */
const STALLED_MS = 100;
/** Startup parameters of each connection. */
const SERVER_TIMEOUTS = { statement_timeout: 30_000, idle_in_transaction_session_timeout: 30_000 };
/** For a PostgreSQL server that has stopped, or a pooler that drops the timeouts. */
const QUERY_TIMEOUT_MS = 35_000;
/** After PostgreSQL had no free connection, the pool tries to open more again after this time. */
const FEWER_CONNECTIONS_FOR_MS = 60_000;
const RETRY_MS = 50;

const CONNECT_TIMEOUT =
  /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/;

export function postgresPool(url: string, options: PostgresOptions): ConnectionPool {
  const types = new pg.TypeOverrides();
  // int8 columns contain milliseconds and counts, all below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const onError = options.onConnectionError ?? (() => {});
  const pool = new pg.Pool({
    connectionString: url,
    max: options.isForMigration ? 1 : (options.maxConnections ?? DEFAULT_MAX_CONNECTIONS),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "attacklens",
    types,
    ...(options.keepsIdle ? { idleTimeoutMillis: 0 } : {}),
    ...(options.isForMigration
      ? {}
      : { pipeline: true, query_timeout: QUERY_TIMEOUT_MS, ...SERVER_TIMEOUTS }),
  });
  pool.on("error", (error: Error & { client?: unknown }) => {
    // All of the connection, with the key that cancels its queries. The log would contain it.
    delete error.client;
    onError(error);
  });
  // A connection that is lost during a transaction emits an error. Without a listener, pg ends the process.
  pool.on("connect", (client) => void client.on("error", () => {}));
  endReadOnlyConnections(pool);
  return options.isForMigration ? pool : adaptPool(pool, onError);
}

/**
 * If PostgreSQL has no free connection, waits up to the time limit for one of the pool. If a pooler such as
 * PgBouncer refuses the timeouts as startup parameters, connects without them.
 */
function adaptPool(pool: pg.Pool, onError: (error: Error) => void): ConnectionPool {
  const { max } = pool.options;
  const prepare = openPreparation();
  async function prepared(client: pg.PoolClient): Promise<pg.PoolClient> {
    try {
      await prepare(client);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
  let restore: Timer | undefined;
  async function connect(): Promise<pg.PoolClient> {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    for (let stalls = 0; ; ) {
      const startedAt = performance.now();
      try {
        return await prepared(await pool.connect());
      } catch (error) {
        const { code, message } = error as pg.DatabaseError;
        const hasStalled = performance.now() - startedAt > CONNECT_TIMEOUT_MS + STALLED_MS;
        if (hasStalled && CONNECT_TIMEOUT.test(message) && stalls++ === 0) continue;
        const refusesTimeouts = code === "08P01" && message.includes("startup parameter");
        if (refusesTimeouts && pool.options.statement_timeout !== undefined) {
          for (const name of Object.keys(SERVER_TIMEOUTS) as (keyof typeof SERVER_TIMEOUTS)[])
            pool.options[name] = undefined;
          continue;
        }
        if (code !== "53300" || Date.now() >= deadline) {
          markOutage(error);
          throw error;
        }
        if (restore === undefined) onError(error as Error);
        pool.options.max = Math.max(1, Math.min(pool.options.max, pool.totalCount));
        clearTimeout(restore);
        restore = setTimeout(() => {
          pool.options.max = max;
          restore = undefined;
        }, FEWER_CONNECTIONS_FOR_MS);
        restore.unref();
        await Bun.sleep(RETRY_MS);
      }
    }
  }
  return {
    connect,
    options: pool.options,
    async end() {
      clearTimeout(restore);
      await pool.end();
    },
  };
}

/**
 * Ends each connection that PostgreSQL reported as read-only when it returns to the pool. A session keeps its
 * initial setting, so the pool would otherwise stay read-only after the database no longer is.
 */
function endReadOnlyConnections(pool: pg.Pool): void {
  const readOnly = new WeakSet<pg.PoolClient>();
  pool.on("connect", (client) => {
    const { connection } = client as unknown as { connection: EventEmitter };
    connection.on("errorMessage", ({ code }: { code?: string }) => {
      if (code === "25006") readOnly.add(client);
    });
  });
  // After this event, the pool checks whether the connection is ending.
  pool.on("release", (_, client) => {
    if (readOnly.has(client)) void (client as unknown as pg.Client).end().catch(() => undefined);
  });
}
