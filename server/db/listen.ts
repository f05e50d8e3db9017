// Receives the changes that the servers of a PostgreSQL database announce with NOTIFY. A pooler such as
// PgBouncer in transaction mode accepts LISTEN and delivers nothing. In that case, and without a connection,
// listeners assume every few seconds that any topic may have changed.
import { CHANGE_TOPICS } from "@attacklens/protocol/changes.ts";
import { sql } from "kysely";
import pg from "pg";
import type { Logger } from "pino";
import { CHANNEL, tell, withoutNotifications } from "./changes.ts";
import type { Database } from "./schema.ts";

const RETRY_MS = { first: 500, most: 15_000 };
/** A server's notification to its own connection must arrive within this time. */
const DEAF_AFTER_MS = 5_000;
const CHECK_EVERY_MS = 60_000;
const POLL_EVERY_MS = 5_000;

/**
 * Reconnects after a lost connection. Logs when notifications stop and polling begins, and when polling ends.
 */
export function listenForChanges(db: Database, url: string, log?: Logger): AsyncDisposable {
  const toItself = crypto.randomUUID();
  let client: pg.Client | undefined;
  let retry: Timer | undefined;
  let check: Timer | undefined;
  let poll: Timer | undefined;
  let delayMs = RETRY_MS.first;
  let isClosed = false;
  let onArrival = () => {};

  function startPolling(reason: unknown): void {
    if (poll !== undefined || isClosed) return;
    withoutNotifications.add(db);
    poll = setInterval(() => tell(db, []), POLL_EVERY_MS);
    log?.warn(
      { err: reason },
      "database notifications do not arrive, and changes are polled: set ATTACKLENS_LISTEN_URL to PostgreSQL without a pooler",
    );
  }

  function stopPolling(): void {
    if (poll === undefined) return;
    clearInterval(poll);
    poll = undefined;
    withoutNotifications.delete(db);
    tell(db, []);
    log?.info("database notifications arrive again");
  }

  async function connect(isAgain: boolean): Promise<void> {
    const opened = new pg.Client({
      connectionString: url,
      application_name: "attacklens changes",
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client = opened;
    let isLost = false;
    const lost = () => {
      if (isLost || isClosed) return;
      isLost = true;
      clearTimeout(check);
      void opened.end().catch(() => undefined);
      retry = setTimeout(() => void connect(true), delayMs);
      delayMs = Math.min(delayMs * 2, RETRY_MS.most);
    };
    opened.on("error", lost);
    opened.on("end", lost);
    opened.on("notification", ({ payload }) => {
      if (payload === toItself) return onArrival();
      const topic = CHANGE_TOPICS.find((one) => one === payload);
      if (topic) tell(db, [topic]);
    });
    try {
      await opened.connect();
      await opened.query(`listen ${CHANNEL}`);
      delayMs = RETRY_MS.first;
      if (isAgain) tell(db, []);
      void checkHearing(opened);
    } catch (error) {
      startPolling(error);
      lost();
    }
  }

  async function checkHearing(opened: pg.Client): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    onArrival = () => resolve(true);
    const limit = setTimeout(() => resolve(false), DEAF_AFTER_MS);
    try {
      await sql`select pg_notify(${CHANNEL}, ${toItself})`.execute(db);
      const isHearing = await promise;
      if (isClosed || client !== opened) return;
      if (isHearing) stopPolling();
      else startPolling(new Error(`A notification did not arrive within ${DEAF_AFTER_MS / 1000} s`));
    } catch {
      // The database is unreachable. The connection reports it, or the next check does.
    } finally {
      clearTimeout(limit);
    }
    if (!isClosed && client === opened) check = setTimeout(() => void checkHearing(opened), CHECK_EVERY_MS);
  }

  void connect(false);
  return {
    async [Symbol.asyncDispose]() {
      isClosed = true;
      onArrival();
      clearTimeout(retry);
      clearTimeout(check);
      clearInterval(poll);
      await client?.end().catch(() => undefined);
    },
  };
}
