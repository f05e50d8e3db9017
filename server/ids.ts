// New ids, and the form in which names are compared.
import { formatId, type IdKind } from "@attacklens/protocol/ids.ts";

export function newId(kind: IdKind): string {
  return formatId(kind, Bun.randomUUIDv7());
}

/** Names that are equal without regard to case and width have equal keys; names sort by key. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** ISO 8601 of milliseconds since 1970; null stays null. */
export function toInstant(ms: number): string;
export function toInstant(ms: number | null): string | null;
export function toInstant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
