// Cuts the second sensor's inventory into chunks. Written only from docs/sensor-protocol.md.
import { crc32, sha256 } from "./signed-requests.ts";

const BUCKETS = {
  packages: 64,
  services: 16,
  ports: 16,
  users: 16,
  security: 4,
  system: 4,
  hardware: 4,
  network: 4,
  jobs: 16,
  certificates: 16,
  containers: 8,
} as const;

export type CategoryName = keyof typeof BUCKETS;

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json | undefined };

export type Item = { key: string; [member: string]: Json | undefined };

/** What a report says about its items. */
export interface Remarks {
  gaps?: Json[];
  totalItems?: number;
}

export interface Category extends Remarks {
  root: string;
  /** Canonical JSON by chunk hash, in bucket order. */
  chunks: Record<string, string>;
}

const MAX_ITEMS = 50_000;
const MAX_CHUNK_BYTES = 2 * 1024 * 1024;
const MAX_CATEGORY_BYTES = 24 * 1024 * 1024;

/** Throws if the category cannot be reported. The check-in then reports it as `failed` with the reason. */
export function cutIntoChunks(name: CategoryName, items: readonly Item[], remarks: Remarks = {}): Category {
  const buckets = new Map<number, Item[]>();
  const keys = new Set<string>();
  for (const item of items.map((raw) => cleanItem(raw))) {
    if (keys.has(item.key)) {
      throw new Error(`Cannot report ${name}: key ${item.key} occurs twice`);
    }
    keys.add(item.key);
    const number = crc32(Buffer.from(item.key, "utf8")) % BUCKETS[name];
    const bucket = buckets.get(number) ?? [];
    bucket.push(item);
    buckets.set(number, bucket);
  }
  const chunks: Record<string, string> = {};
  for (const [, bucket] of [...buckets].sort(([one], [other]) => one - other)) {
    const content = canonicalJson(bucket.sort((one, other) => compareUtf16(one.key, other.key)));
    if (Buffer.byteLength(content) > MAX_CHUNK_BYTES) {
      throw new Error(`Cannot report ${name}: a chunk has more than ${MAX_CHUNK_BYTES} bytes`);
    }
    chunks[sha256(content, "hex")] = content;
  }
  const sizeBytes = Object.values(chunks).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  if (items.length > MAX_ITEMS || sizeBytes > MAX_CATEGORY_BYTES) {
    throw new Error(`Cannot report ${name}: ${items.length} items with ${sizeBytes} bytes are too many`);
  }
  const names = Object.keys(chunks);
  const hashed = Object.keys(remarks).length === 0 ? names : { chunks: names, ...remarks };
  return { root: sha256(canonicalJson(hashed), "hex"), chunks, ...remarks };
}

/** RFC 8785 for the values in items: strings without lone surrogates, and whole numbers. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).sort(([one], [other]) => compareUtf16(one, other));
    return `{${members.flatMap(([name, member]) => (member === undefined ? [] : [`${JSON.stringify(name)}:${canonicalJson(member)}`])).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new Error(`Cannot write ${value} as canonical JSON: not a whole number`);
  }
  return JSON.stringify(value);
}

/** Compares UTF-16 code units, like `<` in JavaScript and unlike localeCompare. */
function compareUtf16(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const REFUSED_CHARACTERS =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export const cleanText = (text: string) => text.replace(REFUSED_CHARACTERS, "\ufffd");

function cleanItem(item: Item): Item {
  return { ...(clean(item) as Record<string, Json>), key: cleanText(item.key) };
}

function clean(value: Json | undefined): Json | undefined {
  if (typeof value === "string") {
    return cleanText(value);
  }
  if (Array.isArray(value)) {
    return value.map((member) => clean(member) ?? null);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clean(member)]));
  }
  return value;
}

/** The named chunks, each as a member of an object. */
export function chunkMembers(category: Category, missing: readonly string[]): string[] {
  return missing.map((hash) => {
    const content = category.chunks[hash];
    if (content === undefined) {
      throw new Error(`Cannot upload chunk ${hash}: the server misses one that was not named to it`);
    }
    return `"${hash}":${content}`;
  });
}

/** Bodies of `PUT …/chunks` with the named chunks, each below the limit of 4 MiB. */
export function chunkUploads(category: Category, missing: readonly string[]): string[] {
  const limit = 4 * 1024 * 1024 - '{"chunks":{}}'.length;
  const uploads: string[][] = [];
  let sizeBytes = limit;
  for (const member of chunkMembers(category, missing)) {
    sizeBytes += Buffer.byteLength(member) + 1;
    if (sizeBytes > limit) {
      uploads.push([]);
      sizeBytes = Buffer.byteLength(member);
    }
    uploads.at(-1)?.push(member);
  }
  return uploads.map((members) => `{"chunks":{${members.join(",")}}}`);
}
