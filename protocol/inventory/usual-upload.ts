// Parses an upload in the form that our sensor sends, at a tenth of the cost of its schema, which parses
// every other body. Each host names the hashes of some hundred chunks with its first inventory.
import type { RouteInput } from "../route.ts";
import { CATEGORIES } from "./categories.ts";
import { gaps } from "./gap.ts";
import { MAX_CATEGORY_CHUNKS, MAX_CHUNK_ITEMS } from "./limits.ts";
import type { putInventory } from "./upload.ts";

type UploadBody = RouteInput<typeof putInventory>["body"];
type Members = Record<string, unknown>;

const NAMES: ReadonlySet<string> = new Set(CATEGORIES);
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** Returns what the schema returns, or undefined for a body in another form, valid or not. */
export function parseUsualUpload(body: unknown): UploadBody | undefined {
  if (!isObject(body) || !isObject(body.categories)) return undefined;
  for (const name in body) if (name !== "categories" && name !== "chunks") return undefined;
  for (const name in body.categories)
    if (!NAMES.has(name) || !isUsualManifest(body.categories[name])) return undefined;
  const { chunks } = body;
  if (chunks !== undefined && !(isObject(chunks) && areUsualChunks(chunks))) return undefined;
  return body as UploadBody;
}

function isUsualManifest(manifest: unknown): boolean {
  if (!isObject(manifest) || manifest.root === undefined || manifest.chunks === undefined) return false;
  for (const name in manifest) if (!isUsualMember(name, manifest[name])) return false;
  return true;
}

function isUsualMember(name: string, value: unknown): boolean {
  switch (name) {
    case "root":
      return isHash(value);
    case "chunks":
      return Array.isArray(value) && value.length <= MAX_CATEGORY_CHUNKS && value.every(isHash);
    case "totalItems":
      return Number.isSafeInteger(value) && (value as number) >= 1;
    case "durationMs":
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case "gaps":
      return gaps.safeParse(value).success;
    default:
      return false;
  }
}

function areUsualChunks(chunks: Members): boolean {
  for (const hash in chunks) {
    const items = chunks[hash];
    if (!isHash(hash) || !Array.isArray(items)) return false;
    if (items.length === 0 || items.length > MAX_CHUNK_ITEMS) return false;
  }
  return true;
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && SHA256_HEX.test(value);
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
