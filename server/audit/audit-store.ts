// The chain of audit events in SQL.
import { lockRows } from "../db/dialect.ts";
import { insertion } from "../db/insertion.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { type Place, statement } from "../db/statement.ts";

const headOf = statement((db) =>
  lockRows(db, db.selectFrom("auditHead").select(["sequence", "hash"]).where("id", "=", 1)).compile(),
);

/** Locks the end of the chain until the transaction ends, so that events are appended one after another. */
export async function lockHead(tx: Database): Promise<{ sequence: number; hash: string }> {
  return (await headOf(tx, {}))[0]!;
}

const insertEvents = insertion<AuditEventTable>(
  "auditEvent",
  {
    sequence: "bigint",
    id: "text",
    at: "bigint",
    actorType: "text",
    actorId: "text",
    actorName: "text",
    action: "text",
    entityType: "text",
    entityId: "text",
    details: "text",
    previousHash: "text",
    hash: "text",
    version: "bigint",
    address: "text",
    entityName: "text",
  },
  { shared: ["actorType", "actorId", "actorName", "version"] },
);

const moveHead = statement(
  (db, place: Place<{ sequence: number; hash: string }>) =>
    db
      .updateTable("auditHead")
      .set({ sequence: place("sequence"), hash: place("hash") })
      .where("id", "=", 1)
      .compile(),
  { isUnread: true },
);

/** Appends the events. The last one is the new end of the chain. */
export async function appendEvents(tx: Database, events: AuditEventTable[]): Promise<void> {
  await insertEvents(tx, events);
  const last = events.at(-1);
  if (last) await moveHead(tx, { sequence: last.sequence, hash: last.hash });
}

/** Returns the stored end of the chain, and the number of the last event, from one statement. */
export async function findEnds(db: Database) {
  const head = db.selectFrom("auditHead").where("id", "=", 1);
  const last = db.selectFrom("auditEvent").orderBy("sequence", "desc").limit(1);
  return await db
    .selectNoFrom([
      head.select("sequence").as("sequence"),
      head.select("hash").as("hash"),
      last.select("sequence").as("lastSequence"),
    ])
    .executeTakeFirstOrThrow();
}

/** Returns the events after `sequence` up to `last`, in the order of the chain. */
export async function listChain(db: Database, sequence: number, last: number, limit: number) {
  return await db
    .selectFrom("auditEvent")
    .selectAll()
    .where("sequence", ">", sequence)
    .where("sequence", "<=", last)
    .orderBy("sequence")
    .limit(limit)
    .execute();
}
