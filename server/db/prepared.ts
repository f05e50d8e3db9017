// Prepared statements of PostgreSQL: it parses and plans a frequent statement once for each connection.

import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type pg from "pg";

/** Their names, by their texts. The program has a fixed number of them. */
const names = new Map<string, string>();

/** Marks a text as that of a frequent statement. */
export function prepareOften(text: string): void {
  if (!names.has(text)) names.set(text, `attacklens_${names.size}`);
}

/** The columns of a prepared statement have changed, because another server has migrated the database. */
export function isOutdatedStatement(error: unknown): boolean {
  return errnoCode(error) === "0A000" && /cached plan/.test((error as Error).message);
}

type Query = (text: unknown, parameters?: unknown) => Promise<unknown>;

/**
 * Returns a function that makes a connection execute frequent statements by their names. It leaves
 * connections of a pooler such as PgBouncer as they are: the next transaction may have another connection to
 * PostgreSQL, which has no such statement.
 */
export function openPreparation() {
  const prepared = new WeakSet<pg.PoolClient>();
  // A migration changes them for all connections.
  let isOutdated = false;
  return async (client: pg.PoolClient): Promise<void> => {
    if (prepared.has(client)) return;
    prepared.add(client);
    if (!(await isDirect(client))) return;
    const query = client.query.bind(client) as Query;
    const execute: Query = async (text, parameters) => {
      const name = isOutdated || typeof text !== "string" ? undefined : names.get(text);
      if (name === undefined || parameters === undefined) return await query(text, parameters);
      try {
        return await query({ name, text, values: parameters });
      } catch (error) {
        if (!isOutdatedStatement(error)) throw error;
        isOutdated = true;
        // A transaction fails, and `inTransaction` runs it again.
        return await query(text, parameters).catch(() => Promise.reject(error));
      }
    };
    client.query = execute as typeof client.query;
  };
}

/** PostgreSQL gives each connection the id of its process. A pooler gives another one. */
async function isDirect(client: pg.PoolClient): Promise<boolean> {
  const { processID } = client as unknown as { processID: number };
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid === processID;
}
