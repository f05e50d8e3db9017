// Uploads the categories that the server wants: all together, with one request for the lists of chunks
// that the check-in did not have, and one for the missing chunks. A category that is too large for that,
// or with which the server refuses the request, is uploaded alone, so that it does not affect the others.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { MAX_UPLOAD_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import type { Manifest } from "@attacklens/protocol/inventory/manifest.ts";
import { putChunks, putInventory, putManifest } from "@attacklens/protocol/inventory/upload.ts";
import { toPlainText } from "@attacklens/protocol/plain-text.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import { type Connection, send } from "../transport/request.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";

/** Maximum bytes of chunks in one upload, which leaves space for names and framing. */
const BATCH_BYTES = MAX_UPLOAD_BYTES / 4;
/** Maximum chunks of all categories in one upload: the members that a JSON object may have. */
const BATCH_CHUNKS = 256;
const MAX_ROUNDS = 4;
/** Refusals of the content, not of the sensor. */
const CONTENT_PROBLEMS: ProblemCode[] = ["input-invalid", "body-too-large", "malformed-request"];

export type Manifests = Partial<Record<Category, Manifest>>;

export type Missing = Partial<Record<Category, string[]>>;

export interface UploadOptions {
  /** The missing chunks of categories whose lists the server has. */
  missing: Missing;
  /** Of a spooled report. */
  collectedAt: string | undefined;
  /** The canonical JSON of a chunk. Throws ContentGone. */
  contentOf: (hash: string) => string;
  signal: AbortSignal | undefined;
}

/** The server accepted the check-in, but accepts no more uploads for a while. */
export class UploadLimit extends Error {
  constructor(readonly retryAfterMs: number) {
    super("the server accepts no more uploads for a while");
  }
}

/**
 * Returns why the server rejected categories. It stores the others. Throws Unreachable, Refused, UploadLimit
 * and what `contentOf` throws.
 */
export async function uploadCategories(
  connection: Connection,
  wanted: Manifests,
  options: UploadOptions,
): Promise<Partial<Record<Category, string>>> {
  const reasons: Partial<Record<Category, string>> = {};
  try {
    const [first, ...others] = entriesOf(wanted);
    const isAlone = first && others.length === 0 && !options.missing[first[0]];
    const rest = isAlone ? wanted : await uploadTogether(connection, wanted, options);
    for (const [category, manifest] of entriesOf(rest)) {
      const reason = await uploadAlone(connection, category, manifest, options);
      if (reason !== undefined) reasons[category] = reason;
    }
  } catch (error) {
    throw error instanceof Unreachable && error.isLimit ? new UploadLimit(error.retryAfterMs) : error;
  }
  return reasons;
}

const entriesOf = (manifests: Manifests) => Object.entries(manifests) as [Category, Manifest][];

/** Returns the categories that are not stored. */
async function uploadTogether(
  connection: Connection,
  wanted: Manifests,
  { missing: listed, collectedAt, contentOf, signal }: UploadOptions,
): Promise<Manifests> {
  let rest = wanted;
  const put = async (categories: Manifests, chunks?: Record<string, { key: string }[]>) => {
    const body = { collectedAt, categories, chunks };
    const { missing } = await send(connection, putInventory, { body, signal });
    const stored = new Set(entriesOf(categories).map(([category]) => category));
    for (const category of Object.keys(missing)) stored.delete(category as Category);
    rest = Object.fromEntries(entriesOf(rest).filter(([category]) => !stored.has(category)));
    return missing;
  };
  try {
    const unlisted = Object.fromEntries(entriesOf(wanted).filter(([category]) => !listed[category]));
    const isListed = Object.keys(unlisted).length === 0;
    const missing: Missing = { ...listed, ...(isListed ? {} : await put(unlisted)) };
    const chunks: Record<string, { key: string }[]> = {};
    const fitting: Manifests = {};
    let [count, sizeBytes] = [0, 0];
    for (const [category, manifest] of entriesOf(rest)) {
      const contents = (missing[category] ?? []).map((hash) => [hash, contentOf(hash)] as const);
      const ownBytes = contents.reduce((sum, [, content]) => sum + Buffer.byteLength(content), 0);
      if (sizeBytes + ownBytes > BATCH_BYTES || count + contents.length > BATCH_CHUNKS) continue;
      for (const [hash, content] of contents) chunks[hash] = JSON.parse(content);
      fitting[category] = manifest;
      sizeBytes += ownBytes;
      count += contents.length;
    }
    if (count > 0) await put(fitting, chunks);
  } catch (error) {
    if (!isAboutContent(error)) throw error;
  }
  return rest;
}

/** Returns why the server rejected the category; undefined: accepted. */
async function uploadAlone(
  connection: Connection,
  category: Category,
  manifest: Manifest,
  options: UploadOptions,
): Promise<string | undefined> {
  try {
    await sendChunks(connection, category, manifest, options);
    return undefined;
  } catch (error) {
    if (isAboutContent(error)) return toPlainText(`the server rejected it: ${error.message}`, 500);
    throw error;
  }
}

/** Whether the server refuses the content, and not the sensor. */
export function isAboutContent(error: unknown): error is Refused {
  return (
    error instanceof Refused && error.isAuthentic !== false && CONTENT_PROBLEMS.includes(error.problem.code)
  );
}

async function sendChunks(
  connection: Connection,
  category: Category,
  manifest: Manifest,
  { collectedAt, contentOf, signal }: UploadOptions,
): Promise<void> {
  const params = { category };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const body = { ...manifest, collectedAt };
    const { missing } = await send(connection, putManifest, { params, body, signal });
    if (missing.length === 0) return;
    const wanted = new Set(missing);
    const hashes = manifest.chunks.filter((hash) => wanted.has(hash));
    for (const chunks of batches(hashes, contentOf))
      await send(connection, putChunks, { params, body: { chunks }, signal });
  }
  throw new Unreachable(`the server keeps requesting chunks of ${category} that it already has`);
}

/** Groups chunks up to the batch size; a larger one is alone. */
function* batches(
  hashes: string[],
  contentOf: UploadOptions["contentOf"],
): Generator<Record<string, { key: string }[]>> {
  let batch: Record<string, { key: string }[]> = {};
  let sizeBytes = 0;
  for (const hash of hashes) {
    const content = contentOf(hash);
    const chunkBytes = Buffer.byteLength(content);
    if (sizeBytes > 0 && sizeBytes + chunkBytes > BATCH_BYTES) {
      yield batch;
      batch = {};
      sizeBytes = 0;
    }
    batch[hash] = JSON.parse(content) as { key: string }[];
    sizeBytes += chunkBytes;
  }
  if (sizeBytes > 0) yield batch;
}
