// The audit log. Each event contains the SHA-256 of the previous one, so that a removed event is detected.
import { hash } from "node:crypto";
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import { CHANGE_TOPICS } from "@attacklens/protocol/changes.ts";
import type { User } from "../caller.ts";
import { afterCommit, announce } from "../db/changes.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { newId } from "../ids.ts";
import { appendEvents, listEvents, lockHead } from "./audit-store.ts";

export const AUDIT_ACTIONS = [
  "user.created",
  "user.invited",
  "user.invitation-renewed",
  "user.invitation-withdrawn",
  "user.invitation-accepted",
  "user.role-changed",
  "user.disabled",
  "user.enabled",
  "user.deleted",
  "user.reset-link-created",
  "user.password-reset",
  "user.signed-in",
  "user.signed-out",
  "user.confirmed",
  "user.renamed",
  "user.password-changed",
  "user.session-revoked",
  "api-key.created",
  "api-key.value-replaced",
  "api-key.revoked",
  "asset-group.created",
  "asset-group.renamed",
  "asset-group.deleted",
  "enrollment-token.created",
  "enrollment-token.value-replaced",
  "enrollment-token.changed",
  "enrollment-token.paused",
  "enrollment-token.resumed",
  "enrollment-token.rotated",
  "enrollment-token.rollout-set",
  "enrollment-token.revoked",
  "enrollment-token.deleted",
  "sensor.enrolled",
  "sensor.approved",
  "sensor.approval-withdrawn",
  "sensor.blocked",
  "sensor.unblocked",
  "sensor.uninstalled",
  "sensor.hostname-changed",
  "sensor.removed",
  "sensor.clone-detected",
  "sensor.ticket-created",
  "sensor.ticket-value-replaced",
  "sensor.re-enrolled",
  "sensor.replaced",
  "sensor.match-dismissed",
  "sensor.merge-undone",
  "sensor.deleted",
  "asset.created",
  "update-ring.created",
  "update-ring.changed",
  "update-ring.moved",
  "update-ring.paused",
  "update-ring.resumed",
  "update-ring.retried",
  "update-ring.host-retried",
  "update-ring.stopped",
  "update-ring.deleted",
  "certificate-authority.created",
  "certificate-authority.rotated",
  "certificate-authority.retired",
] as const;

export interface AuditEvent {
  at: number;
  actor: { type: AuditEventTable["actorType"]; id: string; name: string };
  action: (typeof AUDIT_ACTIONS)[number];
  entity: { type: string; id: string };
  /** Never a secret. */
  details?: Record<string, Json>;
}

/** Returns the user, or the API key that the request used. */
export function userActor(user: User): AuditEvent["actor"] {
  if (user.apiKey) return { type: "api-key", id: user.apiKey.id, name: user.apiKey.name };
  return { type: "user", id: user.id, name: user.name };
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
  const rows = events.map((event) => {
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
      details: canonicalJson(event.details ?? {}),
      previousHash,
    };
    previousHash = hashOf(row);
    return { ...row, hash: previousHash };
  });
  await appendEvents(tx, rows);
  afterCommit(tx, (db) => {
    const listener = listeners.get(db);
    if (listener) for (const event of events) listener(event);
  });
  const types = new Set(events.map(({ entity }) => entity.type));
  for (const topic of CHANGE_TOPICS.filter((one) => types.has(one))) await announce(tx, topic);
}

/**
 * Returns the sequence of the first event that does not continue the chain, or undefined if the chain is
 * intact.
 */
export async function findBreak(db: Database): Promise<number | undefined> {
  let previousHash = "";
  for (const [index, { hash, ...row }] of (await listEvents(db)).entries()) {
    if (row.sequence !== index + 1 || row.previousHash !== previousHash || hashOf(row) !== hash)
      return row.sequence;
    previousHash = hash;
  }
  return undefined;
}

function hashOf(row: Omit<AuditEventTable, "hash">): string {
  return hash("sha256", canonicalJson(row));
}
