// Creates ids, and folds names for comparison.
import { formatId, type IdKind } from "@attacklens/protocol/ids.ts";

export function newId(kind: IdKind): string {
  return formatId(kind, Bun.randomUUIDv7());
}

/** Returns the id of the attempt that a sensor enrolled with: it has the sensor's UUID. */
export function attemptIdOf(sensorId: string): string {
  return formatId("enrollment", sensorId.slice(sensorId.indexOf("_") + 1));
}

/** Texts that normalization leaves as they are. */
const ASCII = /^[\0-\x7f]*$/;

/**
 * Removes differences that readers do not see or do not distinguish: case, width, and the characters that
 * Unicode declares ignorable (e.g. a zero-width space). Removing one may join a letter and its accent, which
 * the second normalization composes.
 */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const visible = text.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.toLowerCase().normalize("NFKC");
}

/** Names that look equal have equal keys. Names are sorted by key. */
export function nameKey(name: string): string {
  return foldText(name).trim();
}

/** Converts milliseconds since 1970 to ISO 8601. Null stays null. */
export function toInstant(ms: number): string;
export function toInstant(ms: number | null): string | null;
export function toInstant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
