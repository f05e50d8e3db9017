// New ids, and the form in which names are compared.
import { formatId, type IdKind } from "@attacklens/protocol/ids.ts";

export function newId(kind: IdKind): string {
  return formatId(kind, Bun.randomUUIDv7());
}

/**
 * A text without what readers do not see or do not tell apart: case, width, and the characters that Unicode
 * declares ignorable (e.g. a zero-width space). Removing one may join a letter and its accent, which the
 * second normalization composes.
 */
export function foldText(text: string): string {
  const visible = text.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.toLowerCase().normalize("NFKC");
}

/** Names that look equal have equal keys; names sort by key. */
export function nameKey(name: string): string {
  return foldText(name).trim();
}

/** ISO 8601 of milliseconds since 1970; null stays null. */
export function toInstant(ms: number): string;
export function toInstant(ms: number | null): string | null;
export function toInstant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
