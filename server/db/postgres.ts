// PostgreSQL through pg, whose connections also do LISTEN.
import { PostgresDialect } from "kysely";
import pg from "pg";

/** `maxConnections` is a process's share of the server's max_connections. */
export function postgresDialect(
  url: string,
  maxConnections: number,
  onIdleError: (error: Error) => void,
): PostgresDialect {
  const types = new pg.TypeOverrides();
  // int8 holds our milliseconds and counts, all below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    query_timeout: 35_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: "attacklens",
    types,
  });
  pool.on("error", onIdleError);
  return new PostgresDialect({ pool });
}
