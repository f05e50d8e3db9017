// Which nouns have changed, told after the commit and never before: on SQLite within the process, on PostgreSQL by NOTIFY, which
// reaches every server of the database.
import { CHANGE_TOPICS, type ChangeTopic } from "@attacklens/protocol/changes.ts";
import { sql } from "kysely";
import pg from "pg";
import { dialectOf } from "./dialect.ts";
import type { Database } from "./schema.ts";

const CHANNEL = "attacklens_changes";
const RETRY_MS = { first: 500, most: 15_000 };

/** Empty: anything may have changed, since some announcements were missed. */
type Listener = (topics: readonly ChangeTopic[]) => void;

const listeners = new WeakMap<Database, Set<Listener>>();
const uncommitted = new WeakMap<Database, Set<ChangeTopic>>();

/** In a transaction: whoever listens is told when it is committed. Many announcements of one transaction are one. */
export async function announce(tx: Database, topic: ChangeTopic): Promise<void> {
  const topics = uncommitted.get(tx);
  if (!topics) throw new Error("announce needs a transaction of inTransaction");
  if (topics.has(topic)) return;
  topics.add(topic);
  if (dialectOf(tx) === "postgres") await sql`select pg_notify(${CHANNEL}, ${topic})`.execute(tx);
}

/** For inTransaction: begins to collect what a transaction announces; answers what tells it after the commit. */
export function collectChanges(db: Database, tx: Database): () => void {
  const topics = new Set<ChangeTopic>();
  uncommitted.set(tx, topics);
  return () => {
    if (topics.size > 0 && dialectOf(db) === "sqlite") tell(db, [...topics]);
  };
}

function tell(db: Database, topics: readonly ChangeTopic[]): void {
  for (const listener of listeners.get(db) ?? []) listener(topics);
}

/** Calls the listener with what is announced from now on; answers what ends it. */
export function onChanges(db: Database, listener: Listener): () => void {
  const all = listeners.get(db) ?? new Set();
  listeners.set(db, all);
  all.add(listener);
  return () => void all.delete(listener);
}

/** Hears what the other servers of a PostgreSQL announce. A connection that is lost is opened again by itself. */
export function listenForChanges(db: Database, databaseUrl: string): AsyncDisposable {
  let client: pg.Client | undefined;
  let retry: Timer | undefined;
  let delayMs = RETRY_MS.first;
  let isClosed = false;

  async function connect(isAgain: boolean): Promise<void> {
    const opened = new pg.Client({
      connectionString: databaseUrl,
      application_name: "attacklens changes",
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client = opened;
    let isLost = false;
    const lost = () => {
      if (isLost || isClosed) return;
      isLost = true;
      void opened.end().catch(() => undefined);
      retry = setTimeout(() => void connect(true), delayMs);
      delayMs = Math.min(delayMs * 2, RETRY_MS.most);
    };
    opened.on("error", lost);
    opened.on("end", lost);
    opened.on("notification", ({ payload }) => {
      const topic = CHANGE_TOPICS.find((one) => one === payload);
      if (topic) tell(db, [topic]);
    });
    try {
      await opened.connect();
      await opened.query(`listen ${CHANNEL}`);
      delayMs = RETRY_MS.first;
      if (isAgain) tell(db, []);
    } catch {
      lost();
    }
  }

  void connect(false);
  return {
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}
