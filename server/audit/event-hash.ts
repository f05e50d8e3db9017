// The hash of an audit event: the SHA-256 of its canonical JSON, which contains the hash of the previous
// event.
import { hash } from "node:crypto";
import { canonicalJson } from "@attacklens/protocol/canonical-json.ts";
import type { AuditEventTable } from "../db/schema.ts";

/** Version 2 also covers the version, the address and the name of the entity. */
export const EVENT_VERSION = 2;

/** Returns undefined for an event that has a column which its version does not cover. */
export function eventHash(row: Omit<AuditEventTable, "hash">): string | undefined {
  const { version, address, entityName, ...first } = row;
  if (version === 1)
    return address === null && entityName === null ? hash("sha256", canonicalJson(first)) : undefined;
  if (version !== EVENT_VERSION) return undefined;
  return hash("sha256", canonicalJson({ ...first, version, address, entityName }));
}
