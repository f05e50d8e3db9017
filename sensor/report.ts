// One cycle of a sensor: name what this host has by hash, and upload what the server has never seen from anyone.
import { createHash } from "node:crypto";
import { type CategoryReport, checkIn } from "@attacklens/protocol/check-in.ts";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { type Chunk, cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import {
  MAX_CHUNK_BYTES,
  MAX_UPLOAD_BYTES,
  putChunks,
  putManifest,
} from "@attacklens/protocol/inventory/upload.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import { toPlainText } from "@attacklens/protocol/text.ts";
import type { Collected } from "./collect.ts";
import { type Connection, send, VERSIONS } from "./request.ts";
import { Refused, Unreachable } from "./server-reply.ts";

/** Bytes of chunks in one upload, with room for their names and the frame. */
const BATCH_BYTES = MAX_UPLOAD_BYTES / 4;
const MAX_ROUNDS = 4;
/** Refusals of what was sent, not of who sent it. */
const CONTENT_PROBLEMS: ProblemCode[] = ["input-invalid", "body-too-large", "malformed-request"];

export interface ReportOptions {
  /** Told until a check-in from this start was answered. */
  host?: HostFacts | undefined;
  /** Pins of the roots that are trusted in place of the system's. */
  trusts?: string[] | undefined;
  signal?: AbortSignal;
}

export interface ReportResult {
  checkInIntervalSeconds: number;
  /** It was not taken: another start of this sensor may hold the key. */
  held: boolean;
  /** The server asks for another key. */
  newKeyWanted: boolean;
  /** Signs what the server refuses with. */
  serverKey: string | undefined;
  /** Roots to trust from now on, PEM; undefined: as before. */
  trustedCertificates: string[] | undefined;
  uploaded: Category[];
  failed: { category: Category; reason: string }[];
}

/** Throws Unreachable or Refused; what was uploaded until then is not uploaded again. */
export async function report(
  connection: Connection,
  collected: Collected,
  { host, trusts, signal }: ReportOptions = {},
): Promise<ReportResult> {
  const cut = new Map<Category, Chunk[]>();
  const inventory: Partial<Record<Category, CategoryReport>> = {};
  const failed: ReportResult["failed"] = [];
  for (const category of CATEGORIES) {
    const { summary, chunks } = summarize(category, collected[category]);
    inventory[category] = summary;
    if (summary.status === "collected") cut.set(category, chunks);
    if (summary.status === "failed") failed.push({ category, reason: summary.reason });
  }
  const body = { ...VERSIONS, host, trusts, inventory };
  const reply = await send(connection, checkIn, { body, signal });
  const uploaded: Category[] = [];
  const refused: typeof inventory = {};
  for (const category of reply.wanted) {
    const chunks = cut.get(category);
    if (!chunks) continue;
    const reason = await upload(connection, category, chunks, signal);
    if (reason === undefined) uploaded.push(category);
    else {
      refused[category] = { status: "failed", reason };
      failed.push({ category, reason });
    }
  }
  if (Object.keys(refused).length > 0) {
    await send(connection, checkIn, { body: { ...body, inventory: refused }, signal });
  }
  const {
    checkInIntervalSeconds,
    held = false,
    newKeyWanted = false,
    serverKey,
    trustedCertificates,
  } = reply;
  return { checkInIntervalSeconds, held, newKeyWanted, serverKey, trustedCertificates, uploaded, failed };
}

function summarize(
  category: Category,
  result: Collected[Category],
): { summary: CategoryReport; chunks: Chunk[] } {
  if (result.status !== "collected") return { summary: result, chunks: [] };
  const chunks = cutChunks(category, result.items, sha256);
  // The server would refuse it, and with it all that is uploaded after it.
  const isTooLarge = chunks.some(({ content }) => Buffer.byteLength(content) > MAX_CHUNK_BYTES);
  const summary: CategoryReport = isTooLarge
    ? { status: "failed", reason: `it has a chunk of more than ${MAX_CHUNK_BYTES} bytes` }
    : { status: "collected", root: rootOf(chunks) };
  return { summary, chunks };
}

/** Answers why the server does not take the category, which costs none of the others; undefined when it has. */
async function upload(
  connection: Connection,
  category: Category,
  chunks: Chunk[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    await sendChunks(connection, category, chunks, signal);
    return undefined;
  } catch (error) {
    const isAboutContent = error instanceof Refused && CONTENT_PROBLEMS.includes(error.problem.code);
    if (isAboutContent) return toPlainText(`the server refuses it: ${error.message}`, 500);
    throw error;
  }
}

async function sendChunks(
  connection: Connection,
  category: Category,
  chunks: Chunk[],
  signal?: AbortSignal,
): Promise<void> {
  const manifest = { root: rootOf(chunks), chunks: chunks.map(({ hash }) => hash) };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { missing } = await send(connection, putManifest, { params: { category }, body: manifest, signal });
    if (missing.length === 0) return;
    const wanted = new Set(missing);
    for (const batch of batches(chunks.filter(({ hash }) => wanted.has(hash)))) {
      const contents = Object.fromEntries(batch.map(({ hash, content }) => [hash, JSON.parse(content)]));
      await send(connection, putChunks, { params: { category }, body: { chunks: contents }, signal });
    }
  }
  throw new Unreachable(`the server goes on asking for chunks of ${category} that it was sent`);
}

/** Chunks together up to the batch size; a larger one alone. */
function batches(chunks: Chunk[]): Chunk[][] {
  const all: Chunk[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    const chunkBytes = Buffer.byteLength(chunk.content);
    if (sizeBytes + chunkBytes > BATCH_BYTES) {
      all.push([]);
      sizeBytes = 0;
    }
    all.at(-1)!.push(chunk);
    sizeBytes += chunkBytes;
  }
  return all;
}

function rootOf(chunks: Chunk[]): string {
  const hashes = chunks.map(({ hash }) => hash);
  return rootHash(hashes, sha256);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
