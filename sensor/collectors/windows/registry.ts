// The registry as the collectors read it: of the running system, or from the hive files of a disk. A value
// has a type and bytes that any program may have written, so each reader says which type it expects.
import { parseWideText } from "../../windows-library.ts";

export interface RegistryValue {
  type: number;
  bytes: Uint8Array;
}

/** By the name of the value in lower case. The default value has the name "". */
export type RegistryValues = ReadonlyMap<string, RegistryValue>;

/** Paths start with `HKLM\` or `HKU\`. Keys are those of the 64-bit view. Letter case is ignored. */
export interface Registry {
  /** The values of a key; undefined if it does not exist or cannot be read. */
  findValues(path: string): RegistryValues | undefined;
  /** The names of the keys below a key, as written; empty if it does not exist or cannot be read. */
  listKeys(path: string): string[];
}

/** Types of values (MS-RRP 3.1.1.5). */
export const REG = {
  text: 1,
  expandText: 2,
  binary: 3,
  number: 4,
  bigEndianNumber: 5,
  texts: 7,
  longNumber: 11,
} as const;

/** Larger keys and values belong to no fact. */
export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_KEYS = 100_000;
export const MAX_VALUES = 10_000;

const NONE: RegistryValues = new Map();

export function valuesOf(registry: Registry, path: string): RegistryValues {
  return registry.findValues(path) ?? NONE;
}

/** A text, trimmed; undefined if it is empty or of another type. A number is a text with its digits. */
export function findText(values: RegistryValues, name: string): string | undefined {
  const value = values.get(name.toLowerCase());
  if (value === undefined) return undefined;
  const isText = value.type === REG.text || value.type === REG.expandText;
  const isList = value.type === REG.texts;
  if (isText || isList) return parseWideText(value.bytes).trim() || undefined;
  const number = findNumber(values, name);
  return number === undefined ? undefined : String(number);
}

/** Every text of a list; one text is a list, too. */
export function findTexts(values: RegistryValues, name: string): string[] {
  const value = values.get(name.toLowerCase());
  if (value?.type !== REG.texts) {
    const text = findText(values, name);
    return text === undefined ? [] : [text];
  }
  const even = Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.byteLength & ~1);
  return even
    .toString("utf16le")
    .split("\0")
    .map((text) => text.trim())
    .filter(Boolean);
}

/** A whole number that is not negative. Some programs write numbers as text. */
export function findNumber(values: RegistryValues, name: string): number | undefined {
  const value = values.get(name.toLowerCase());
  if (value === undefined) return undefined;
  const { type, bytes } = value;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === REG.number && bytes.length >= 4) return view.getUint32(0, true);
  if (type === REG.bigEndianNumber && bytes.length >= 4) return view.getUint32(0, false);
  if (type === REG.longNumber && bytes.length >= 8) {
    const number = Number(view.getBigUint64(0, true));
    return Number.isSafeInteger(number) ? number : undefined;
  }
  if (type !== REG.text && type !== REG.expandText) return undefined;
  const text = parseWideText(bytes).trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `%SystemRoot%\x` → `C:\Windows\x`. An unknown variable stays as it is. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  if (!text.includes("%")) return text;
  const parts = text.split("%");
  let expanded = parts[0] ?? "";
  for (let at = 1; at < parts.length; at += 1) {
    const name = parts[at] ?? "";
    const value = at + 1 < parts.length ? variables.get(name.toLowerCase()) : undefined;
    if (value === undefined) expanded += `%${name}`;
    else {
      expanded += `${value}${parts[at + 1] ?? ""}`;
      at += 1;
    }
  }
  return expanded;
}

/**
 * 100 nanoseconds since 1601 → ISO 8601 in UTC, to the second; undefined for "never" and outside 1970–2200.
 */
export function parseFileTime(fileTime: bigint): string | undefined {
  return parseUnixTime(Number(fileTime / 10_000_000n) - 11_644_473_600);
}

/** Seconds since 1970; undefined for 0. */
export function parseUnixTime(seconds: number): string | undefined {
  if (seconds <= 0 || seconds * 1_000 >= Date.UTC(2200, 0, 1)) return undefined;
  return new Date(seconds * 1_000).toISOString().replace(/\.\d{3}Z$/, "Z");
}
