// The values of property lists, and functions to take them from a dictionary without trust in their types.

export type PlistValue =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | undefined
  | PlistValue[]
  | ReadonlyMap<string, PlistValue>;
export type PlistDict = ReadonlyMap<string, PlistValue>;

/** Values in all, and levels of arrays and dictionaries. */
export const MAX_VALUES = 200_000;
export const MAX_DEPTH = 64;

/** The text is no property list, or damaged, or larger than the limits. The message says why. */
export class DamagedPlist extends Error {}

export function asDict(value: PlistValue): PlistDict | undefined {
  return value instanceof Map ? value : undefined;
}

export function asList(value: PlistValue): readonly PlistValue[] {
  return Array.isArray(value) ? value : [];
}

export function textIn(dict: PlistDict | undefined, key: string): string | undefined {
  const value = dict?.get(key);
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

export function numberIn(dict: PlistDict | undefined, key: string): number | undefined {
  const value = dict?.get(key);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function dateIn(dict: PlistDict | undefined, key: string): Date | undefined {
  const value = dict?.get(key);
  return value instanceof Date && Number.isFinite(value.getTime()) ? value : undefined;
}

/** Programs also write 0 and 1, and `yes` and `no`. */
export function switchIn(dict: PlistDict | undefined, key: string): boolean | undefined {
  const value = dict?.get(key);
  if (typeof value === "boolean") return value;
  if (value === 1 || value === 0) return value === 1;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (["yes", "true", "1"].includes(text)) return true;
  return ["no", "false", "0"].includes(text) ? false : undefined;
}
