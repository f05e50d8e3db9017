// The hash of an audit event: the SHA-256 of its canonical JSON, which contains the hash of the previous
// event.
import { hash } from "node:crypto";
import type { AuditEventTable } from "../db/schema.ts";

/** Version 2 also covers the version, the address and the name of the entity. */
export const EVENT_VERSION = 2;

/** Returns undefined for an event that has a column which its version does not cover. */
export function eventHash(row: Omit<AuditEventTable, "hash">): string | undefined {
  if (row.version === 1) {
    const isCovered = row.address === null && row.entityName === null;
    return isCovered ? hash("sha256", firstJson(row)) : undefined;
  }
  return row.version === EVENT_VERSION ? hash("sha256", canonicalJsonOf(row)) : undefined;
}

// Both write the members in the order of canonical JSON. To sort them takes longer than to hash them.

function firstJson(row: Omit<AuditEventTable, "hash">): string {
  const { action, actorId, actorName, actorType, at } = row;
  const { details, entityId, entityType, id, previousHash, sequence } = row;
  return JSON.stringify({
    ...{ action, actorId, actorName, actorType, at },
    ...{ details, entityId, entityType, id, previousHash, sequence },
  });
}

function canonicalJsonOf(row: Omit<AuditEventTable, "hash">): string {
  return JSON.stringify({
    action: row.action,
    actorId: row.actorId,
    actorName: row.actorName,
    actorType: row.actorType,
    address: row.address,
    at: row.at,
    details: row.details,
    entityId: row.entityId,
    entityName: row.entityName,
    entityType: row.entityType,
    id: row.id,
    previousHash: row.previousHash,
    sequence: row.sequence,
    version: row.version,
  });
}
