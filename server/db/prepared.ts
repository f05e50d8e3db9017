// Frequent statements of PostgreSQL: it parses and plans each once for each connection. The program has a
// fixed number of them, and the statements of lists have few texts that most requests use. Statements whose
// results are not used are sent without waiting for the reply to the one before.

import type { Writable } from "node:stream";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type pg from "pg";

/** Their names, by their texts. */
const names = new Map<string, string>();
const sentAhead = new Set<unknown>();

/** Lists have a text for each combination of filter and sort. One that was read so often is frequent. */
const OFTEN = 3;
/** Each takes up to 100 KB of the memory of each connection. */
const MOST_READS = 200;
/** Texts that are counted at the same time. */
const MOST_COUNTED = 1_000;
const timesRead = new Map<string, number>();
let preparedReads = 0;

function countRead(text: string): void {
  if (preparedReads === MOST_READS || names.has(text) || !/^\s*(select|with)\b/.test(text)) return;
  const times = (timesRead.get(text) ?? 0) + 1;
  timesRead.set(text, times);
  if (times >= OFTEN) {
    timesRead.delete(text);
    prepareOften(text);
    preparedReads++;
  } else if (timesRead.size > MOST_COUNTED) timesRead.clear();
}

/** Marks a text as that of a frequent statement. */
export function prepareOften(text: string): void {
  if (!names.has(text)) names.set(text, `attacklens_${names.size}`);
}

/**
 * Marks a text as that of a statement whose result is not used. In a transaction, it is sent with the next
 * one. Its error is thrown by a later statement, at the latest by the commit.
 */
export function sendAhead(text: string): void {
  sentAhead.add(text);
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
    client.query = pipelined(streamOf(client), async (text, parameters, transaction) => {
      if (transaction === "reads" && typeof text === "string") countRead(text);
      const name = isOutdated || typeof text !== "string" ? undefined : names.get(text);
      if (name === undefined || parameters === undefined) return await query(text, parameters);
      try {
        return await query({ name, text, values: parameters });
      } catch (error) {
        if (!isOutdatedStatement(error)) throw error;
        isOutdated = true;
        // The caller runs a failed transaction again. Its end may be on the way already.
        if (transaction !== undefined) throw error;
        return await query(text, parameters);
      }
    }) as typeof client.query;
  };
}

const UNREAD = { command: "", rowCount: 0, rows: [] };
const BEGIN = "begin";
/** After a `begin` that fails, it changes nothing. */
const READ = /^\s*select\b/;
const BEGIN_READS = /^start transaction\b.* read only$/;

/** Undefined: there is none, or it has not begun yet. */
type Transaction = "reads" | "writes" | undefined;

/** Of the connection. A lost one keeps the same stream. */
const streamOf = (client: pg.PoolClient) =>
  (client as unknown as { connection: { stream: Writable } }).connection.stream;

/**
 * Sends each statement without waiting for the one before it. PostgreSQL executes them in their order, and
 * none after a failed one. Statements that are sent ahead leave with the next one that is awaited, because a
 * write takes longer than to make a statement. So do the start of a transaction and the reads after it. A
 * write waits until PostgreSQL has begun the transaction: otherwise it would commit.
 */
export function pipelined(
  stream: Writable,
  execute: (text: unknown, parameters: unknown, transaction: Transaction) => Promise<unknown>,
): Query {
  /** The statements of the transaction that were sent ahead. */
  let ahead: Promise<unknown>[] = [];
  let isHeld = false;
  let transaction: Transaction;
  /** The reply to the start of a transaction; undefined: it has come, or there is none. */
  let starting: Promise<unknown> | undefined;

  function send(text: unknown, parameters: unknown, isAhead: boolean): Promise<unknown> {
    if (isAhead && !isHeld) stream.cork();
    const running = execute(text, parameters, starting ? "writes" : transaction);
    if (!isAhead && isHeld) stream.uncork();
    isHeld = isAhead;
    if (isAhead) {
      running.catch(() => {});
      ahead.push(running);
    }
    return running;
  }

  /** Throws the first error of the statements so far, which is the cause of the others. */
  async function settle(...last: Promise<unknown>[]): Promise<void> {
    if (isHeld) stream.uncork();
    isHeld = false;
    const results = await Promise.allSettled([...ahead, ...last]);
    ahead = [];
    const failed = results.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** After it failed, throws its error until the transaction ends. */
  async function started(): Promise<void> {
    await starting;
    starting = undefined;
    transaction = "writes";
  }

  return async (text, parameters) => {
    if (text === BEGIN) {
      starting = send(text, parameters, true);
      return UNREAD;
    }
    if (text === "rollback") {
      // It does not fail with the statements before it.
      await settle().catch(() => {});
      [starting, transaction] = [undefined, undefined];
      return await send(text, parameters, false);
    }
    if (starting && !(typeof text === "string" && READ.test(text))) {
      await settle();
      await started();
    }
    const beginsReads = typeof text === "string" && BEGIN_READS.test(text);
    if (beginsReads || ((starting || transaction) && sentAhead.has(text))) {
      void send(text, parameters, true);
      if (!starting) transaction ??= "reads";
      return UNREAD;
    }
    const running = send(text, parameters, false);
    if (text === "commit") transaction = undefined;
    if (ahead.length > 0) await settle(running);
    const result = await running;
    if (starting) await started();
    return result;
  };
}

/** PostgreSQL gives each connection the id of its process. A pooler gives another one. */
async function isDirect(client: pg.PoolClient): Promise<boolean> {
  const { processID } = client as unknown as { processID: number };
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid === processID;
}
