// Announces the changed topics after the commit: on SQLite within the process, on PostgreSQL with NOTIFY,
// which reaches every server of the database (listen.ts).
import type { ChangeTopic } from "@attacklens/protocol/changes.ts";
import { sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import { originOf } from "./long-work.ts";
import type { Database } from "./schema.ts";
import { statement } from "./statement.ts";

export const CHANNEL = "attacklens_changes";

/** Receives the changed topics. Empty: announcements were missed, so any topic may have changed. */
type Listener = (topics: readonly ChangeTopic[]) => void;

const listeners = new WeakMap<Database, Set<Listener>>();
/** PostgreSQL databases whose notifications do not arrive: see listen.ts. */
export const withoutNotifications = new WeakSet<Database>();
const uncommitted = new WeakMap<Database, Set<ChangeTopic>>();
const committing = new WeakMap<Database, ((db: Database) => void)[]>();

const notify = statement<{ topic: string }, unknown>(
  (db, place) => sql`select pg_notify(${sql.lit(CHANNEL)}, ${place("topic")})`.compile(db),
  { isUnread: true },
);

/**
 * Announces a topic after the commit of the transaction. Repeated announcements in one transaction count
 * once.
 */
export async function announce(tx: Database, topic: ChangeTopic): Promise<void> {
  const topics = uncommitted.get(tx);
  if (!topics) throw new Error("announce needs a transaction of inTransaction");
  if (topics.has(topic)) return;
  topics.add(topic);
  if (dialectOf(tx) === "postgres") await notify(tx, { topic });
}

/** Calls `work` with the database after the commit of the transaction, and not after a rollback. */
export function afterCommit(tx: Database, work: (db: Database) => void): void {
  committing.get(tx)?.push(work);
}

/** For inTransaction: collects the announcements of a transaction. Returns a function that sends them. */
export function collectChanges(handle: Database, tx: Database): () => void {
  const db = originOf(handle);
  const topics = new Set<ChangeTopic>();
  uncommitted.set(tx, topics);
  const works: ((db: Database) => void)[] = [];
  committing.set(tx, works);
  return () => {
    for (const work of works) work(db);
    if (topics.size > 0 && (dialectOf(db) === "sqlite" || withoutNotifications.has(db)))
      tell(db, [...topics]);
  };
}

/** Calls every listener of this process. */
export function tell(db: Database, topics: readonly ChangeTopic[]): void {
  for (const listener of listeners.get(db) ?? []) listener(topics);
}

/** Calls the listener with each announcement from now on. Returns a function that removes the listener. */
export function onChanges(db: Database, listener: Listener): () => void {
  const all = listeners.get(db) ?? new Set();
  listeners.set(db, all);
  all.add(listener);
  return () => void all.delete(listener);
}
