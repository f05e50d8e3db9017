// The settings of the host's owner: the categories that the sensor does not collect on this host. If the file
// cannot be used, the owner may have switched off any category, so that none is collected.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { openHostFiles } from "../collectors/host-files.ts";
import type { Uncollected } from "../collectors/result.ts";

export interface OwnerSettings {
  path: string;
  switchedOff: Category[];
  /** Why the file cannot be used; undefined: it can, or there is none. */
  problem?: string;
}

const MAX_BYTES = 64 * 1024;
const TABLE = "inventory";
const KEY = "switched-off";

/** `path`: as on the host, whose files are in the root folder. Never throws. */
export function readOwnerSettings(root: string, path: string): OwnerSettings {
  try {
    const bytes = readSettings(root, path);
    return { path, switchedOff: bytes === undefined ? [] : parseOwnerSettings(decode(bytes)) };
  } catch (error) {
    const { message } = error as Error;
    return {
      path,
      switchedOff: [],
      problem: `cannot use the settings of the host's owner in ${path}: ${message}`,
    };
  }
}

/** The results of the categories that are not collected. */
export function uncollectedByOwner(settings: OwnerSettings): Partial<Record<Category, Uncollected>> {
  const { problem, switchedOff } = settings;
  if (problem !== undefined)
    return Object.fromEntries(
      CATEGORIES.map((category) => [category, { status: "failed", reason: problem }]),
    );
  return Object.fromEntries(switchedOff.map((category) => [category, { status: "switched-off" }]));
}

/**
 * Throws an error with the reason for everything that it does not know, so that no mistake goes unnoticed.
 */
export function parseOwnerSettings(text: string): Category[] {
  const settings = parseToml(text);
  requireKeys(settings, [TABLE], "");
  const table = settings[TABLE];
  if (table === undefined) return [];
  if (!isTable(table)) throw new Error(`${TABLE} is not a table`);
  requireKeys(table, [KEY], `${TABLE}.`);
  const names = table[KEY];
  if (names === undefined) return [];
  if (!Array.isArray(names)) throw new Error(`${TABLE}.${KEY} is not a list`);
  return names.map((name) => {
    const category = CATEGORIES.find((known) => known === name);
    if (category === undefined)
      throw new Error(`the category ${JSON.stringify(name)} is unknown: use ${CATEGORIES.join(", ")}`);
    return category;
  });
}

function readSettings(root: string, path: string): Uint8Array | undefined {
  // The path on Windows is that of this system.
  const file = openHostFiles(root).open(path);
  if (file === undefined) return undefined;
  using opened = file;
  if (opened.sizeBytes > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`);
  return opened.readAt(0, MAX_BYTES);
}

/** PowerShell writes UTF-16 with a byte order mark. */
function decode(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
}

function parseToml(text: string): Record<string, unknown> {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>;
  } catch (error) {
    // The reason is reported. A file with a mistake may contain anything: `: "x"` quotes it.
    const reason = (error as Error).message.replace("TOML Parse error: ", "").split(': "', 1)[0]!;
    throw new Error(`not valid TOML: ${reason}`);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireKeys(table: Record<string, unknown>, known: string[], prefix: string): void {
  const unknown = Object.keys(table).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Error(`the setting ${prefix}${unknown} is unknown: use ${prefix}${known.join(", ")}`);
}
