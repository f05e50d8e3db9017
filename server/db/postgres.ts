// PostgreSQL through pg, whose connections also support LISTEN.
import type { EventEmitter } from "node:events";
import { PostgresDialect, type PostgresPool } from "kysely";
import pg from "pg";
import { markOutage } from "./dialect.ts";

export interface PostgresOptions {
  /** This process's share of the server's max_connections; 10 when absent. */
  maxConnections?: number | undefined;
  /** One connection, on which a statement may take as long as it needs. */
  isForMigration?: boolean;
  /** A connection was lost, or PostgreSQL had none left. */
  onConnectionError?: ((error: Error) => void) | undefined;
}

const DEFAULT_MAX_CONNECTIONS = 10;
/** A request waits so long for a connection. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Sent when a connection starts. */
const SERVER_TIMEOUTS = { statement_timeout: 30_000, idle_in_transaction_session_timeout: 30_000 };
/** For a PostgreSQL that has stopped, or is behind a pooler that drops its timeouts. */
const QUERY_TIMEOUT_MS = 35_000;
/** PostgreSQL had fewer connections than the pool may open: it is asked for more again after so long. */
const FEWER_CONNECTIONS_FOR_MS = 60_000;
const RETRY_MS = 50;

export function postgresDialect(url: string, options: PostgresOptions): PostgresDialect {
  const types = new pg.TypeOverrides();
  // int8 holds our milliseconds and counts, all below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const onError = options.onConnectionError ?? (() => {});
  const pool = new pg.Pool({
    connectionString: url,
    max: options.isForMigration ? 1 : (options.maxConnections ?? DEFAULT_MAX_CONNECTIONS),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "attacklens",
    types,
    ...(options.isForMigration ? {} : { query_timeout: QUERY_TIMEOUT_MS, ...SERVER_TIMEOUTS }),
  });
  pool.on("error", onError);
  // A connection that is lost while a transaction has it emits its error there, and pg ends the process
  // without a listener.
  pool.on("connect", (client) => void client.on("error", () => {}));
  endReadOnlyConnections(pool);
  if (options.isForMigration) return new PostgresDialect({ pool });
  return new PostgresDialect({ pool: adaptPool(pool, onError) });
}

/**
 * Makes a connection that cannot be had now wait for one of those that the pool has, up to the time limit,
 * and takes connections without timeouts where a pooler such as PgBouncer refuses them as startup parameters.
 */
function adaptPool(pool: pg.Pool, onError: (error: Error) => void): PostgresPool {
  const { max } = pool.options;
  let restore: Timer | undefined;
  async function connect(): Promise<pg.PoolClient> {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    for (;;) {
      try {
        return await pool.connect();
      } catch (error) {
        const { code, message } = error as pg.DatabaseError;
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
 * Ends each connection that PostgreSQL has called read-only, when it is given back. A session keeps the
 * setting that it began with: without this the pool would stay read-only after the database is not.
 */
function endReadOnlyConnections(pool: pg.Pool): void {
  const readOnly = new WeakSet<pg.PoolClient>();
  pool.on("connect", (client) => {
    const { connection } = client as unknown as { connection: EventEmitter };
    connection.on("errorMessage", ({ code }: { code?: string }) => {
      if (code === "25006") readOnly.add(client);
    });
  });
  // The pool looks after this event whether the connection is ending.
  pool.on("release", (_, client) => {
    if (readOnly.has(client)) void (client as unknown as pg.Client).end().catch(() => undefined);
  });
}
