// The audit log. Each event contains the SHA-256 of the previous one, so that a removed event is detected.
import type { AuditAction, AuditEntityType } from "@attacklens/protocol/audit-actions.ts";
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import { CHANGE_TOPICS } from "@attacklens/protocol/changes.ts";
import type { User } from "../caller.ts";
import { afterCommit, announce } from "../db/changes.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { newId } from "../ids.ts";
import { appendEvents, lockHead } from "./audit-store.ts";
import { EVENT_VERSION, eventHash } from "./event-hash.ts";

export interface AuditEvent {
  at: number;
  /** `address`: the client that sent the request. Absent: none did. */
  actor: { type: AuditEventTable["actorType"]; id: string; name: string; address?: string | undefined };
  action: AuditAction;
  /** The name at that time, so that a deleted entity still has one. */
  entity: { type: AuditEntityType; id: string; name: string };
  /**
   * Never a secret. `before` and `after` are the changed settings with their values. One of them alone: the
   * entity was deleted or created.
   */
  details?: EventDetails;
}

export interface EventDetails {
  before?: Record<string, Json>;
  after?: Record<string, Json>;
  [name: string]: Json | undefined;
}

/** The server, without a request. */
export const SYSTEM_ACTOR = { type: "system", id: "system", name: "AttackLens" } as const;

/** A command on the server host. */
export const OPERATOR_ACTOR = { type: "system", id: "operator", name: "Operator of the server" } as const;

/** Returns the user, or the API key that the request used. */
export function userActor({ apiKey, id, name, address }: User): AuditEvent["actor"] {
  if (apiKey) return { type: "api-key", id: apiKey.id, name: apiKey.name, address };
  return { type: "user", id, name, address };
}

const listeners = new WeakMap<Database, (event: AuditEvent) => void>();

/** Calls the listener with each event that this process records, after the commit. */
export function onAuditEvents(db: Database, listener: (event: AuditEvent) => void): void {
  listeners.set(db, listener);
}

/**
 * Appends an event in the caller's transaction. It should be the last write of the transaction, because the
 * chain's end stays locked until the commit.
 */
export async function recordAuditEvent(tx: Database, event: AuditEvent): Promise<void> {
  await recordAuditEvents(tx, [event]);
}

/** The events of transactions that append them at their end. */
const postponed = new WeakMap<Database, AuditEvent[]>();

/**
 * Runs several changes in a transaction, and appends their events after the last one. Otherwise the chain's
 * end would be locked while a later change waits for a row, whose transaction may wait for the chain's end.
 */
export async function withEventsLast<T>(tx: Database, changes: () => Promise<T>): Promise<T> {
  const events: AuditEvent[] = [];
  postponed.set(tx, events);
  const result = await changes().finally(() => postponed.delete(tx));
  await recordAuditEvents(tx, events);
  return result;
}

/** Appends several events in their order. */
export async function recordAuditEvents(tx: Database, events: AuditEvent[]): Promise<void> {
  const later = postponed.get(tx);
  if (later) return void later.push(...events);
  if (events.length === 0) return;
  let { sequence, hash: previousHash } = await lockHead(tx);
  const rows = events.map((event): AuditEventTable => {
    const row = {
      sequence: ++sequence,
      id: newId("auditEvent"),
      at: event.at,
      actorType: event.actor.type,
      actorId: event.actor.id,
      actorName: event.actor.name,
      action: event.action,
      entityType: event.entity.type,
      entityId: event.entity.id,
      entityName: event.entity.name,
      address: event.actor.address ?? null,
      version: EVENT_VERSION,
      details: event.details ? canonicalJson(event.details) : "{}",
      previousHash,
      hash: "",
    };
    previousHash = eventHash(row)!;
    row.hash = previousHash;
    return row;
  });
  await appendEvents(tx, rows);
  afterCommit(tx, (db) => {
    const listener = listeners.get(db);
    if (listener) for (const event of events) listener(event);
  });
  const types = new Set<string>(events.map(({ entity }) => entity.type));
  for (const topic of CHANGE_TOPICS.filter((one) => types.has(one))) await announce(tx, topic);
}
