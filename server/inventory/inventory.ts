// Stores the inventory that sensors report, once for all hosts with the same content.

import { createHash } from "node:crypto";
import type { checkIn } from "@attacklens/protocol/check-in.ts";
import { countOf } from "@attacklens/protocol/count-of.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CATEGORY_BYTES, MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import type { Manifest, putInventory } from "@attacklens/protocol/inventory/upload.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { SensorCaller } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import type { RememberedSensors } from "../sensors/record/remembered-sensors.ts";
import { updateSensorVersion } from "../sensors/sensors.ts";
import { openTurns } from "../turns.ts";
import type { ReportTimes } from "./apply-report.ts";
import { type InventoryParts, inventoryParts } from "./inventory-parts.ts";
import { listBasesOf, listSensorInventory } from "./inventory-store.ts";
import { keyOfItem, parseChunk } from "./parse-chunk.ts";
import type { SensorReport } from "./report-writer.ts";
import type { ChunkList } from "./storage/chunk-list.ts";
import type { NewChunk } from "./storage/chunk-writer.ts";
import type { KnownChunk } from "./storage/known-chunks.ts";
import { keyOf } from "./storage/packs-store.ts";

type Remembered = Pick<RememberedSensors, "remember">;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * Stores a sensor's report. Returns the categories to upload: those that changed to content that no sensor of
 * its asset group has reported yet. A report without changes needs one read.
 */
export async function recordReport(
  db: Database,
  now: number,
  remembered: Remembered,
  sensor: SensorCaller,
  report: RouteInput<typeof checkIn>["body"],
): Promise<Category[]> {
  const { sensorVersion, inventory = {} } = report;
  if (sensorVersion !== sensor.version) await updateSensorVersion(db, sensor.id, sensorVersion);
  const stored = new Map((await listSensorInventory(db, sensor.id)).map((row) => [row.category, row]));
  const categories: SensorReport["categories"] = [];
  const collected: { category: Category; root: string; durationMs: number | null }[] = [];
  for (const category of CATEGORIES) {
    const said = inventory[category];
    if (!said) continue;
    const before = stored.get(category);
    const durationMs = "durationMs" in said ? (said.durationMs ?? null) : null;
    if (said.status === "collected") {
      const root = keyOf(said.root);
      if (before?.status !== "collected" || before.root !== root)
        collected.push({ category, root, durationMs });
    } else {
      const reason = "reason" in said ? said.reason : null;
      if (before?.status !== said.status || before.reason !== reason)
        categories.push({ category, status: said.status, reason, durationMs });
    }
  }
  const wanted: Category[] = [];
  if (collected.length > 0) {
    const { manifests, begin } = inventoryParts(db);
    const { scopeId } = await begin(sensor.id, now);
    const found = await manifests.find(scopeId, collected);
    for (const { category, durationMs } of collected) {
      const content = found.get(category);
      if (content) categories.push({ category, status: "collected", reason: null, durationMs, content });
      else wanted.push(category);
    }
  }
  if (categories.length > 0)
    await store(db, remembered, sensor, { times: timesOf(now, report.collectedAt), categories });
  return wanted;
}

type Manifests = Partial<Record<Category, Manifest>>;
type Missing = Partial<Record<Category, string[]>>;

/** Stores chunks that lists name, then the lists like `recordManifests`. Throws input-invalid. */
export async function recordInventory(
  db: Database,
  now: number,
  remembered: Remembered,
  sensor: SensorCaller,
  report: RouteInput<typeof putInventory>["body"],
): Promise<Missing> {
  const uploads = chunksByCategory(report.categories, report.chunks ?? {});
  await Promise.all(
    [...uploads].map(([category, some]) => recordChunks(db, now, sensor, category, Object.fromEntries(some))),
  );
  return await recordManifests(db, now, remembered, sensor, report);
}

function chunksByCategory(
  categories: Manifests,
  chunks: Record<string, unknown[]>,
): Map<Category, [string, unknown[]][]> {
  const categoryOf = new Map<string, Category>();
  for (const category of CATEGORIES)
    for (const hash of categories[category]?.chunks ?? []) categoryOf.set(hash, category);
  return Map.groupBy(Object.entries(chunks), ([hash]) => {
    const category = categoryOf.get(hash);
    if (category === undefined) throw badInput("chunks", "has a chunk that no category names");
    return category;
  });
}

/**
 * Stores categories as lists of chunks, all in one write. Returns the chunks that no sensor of its asset
 * group has uploaded, of each category that is not stored. Throws input-invalid, and stores none.
 */
export async function recordManifests(
  db: Database,
  now: number,
  remembered: Remembered,
  sensor: SensorCaller,
  { collectedAt, categories }: { collectedAt?: string | undefined; categories: Manifests },
): Promise<Missing> {
  const missing: Missing = {};
  const complete: SensorReport["categories"] = [];
  const turns = openTurns("upload");
  for (const category of CATEGORIES) {
    const manifest = categories[category];
    if (!manifest) continue;
    if (turns.isOver()) await turns.next();
    const judged = await judgeManifest(db, now, sensor, category, manifest);
    if ("missing" in judged) missing[category] = judged.missing;
    else complete.push(judged.reported);
  }
  if (complete.length > 0) {
    await store(db, remembered, sensor, { times: timesOf(now, collectedAt), categories: complete });
    const { similar } = await inventoryParts(db).uploadsOf(sensor.id, now);
    for (const { category } of complete) similar.delete(category);
  }
  return missing;
}

/** Returns the category with its chunks, or those that are missing. Throws input-invalid. */
async function judgeManifest(
  db: Database,
  now: number,
  sensor: SensorCaller,
  category: Category,
  { root, chunks, totalItems, gaps, durationMs }: Manifest,
): Promise<{ missing: string[] } | { reported: SensorReport["categories"][number] }> {
  if (new Set(chunks).size !== chunks.length) throw badInput("chunks", "names a chunk twice");
  if (rootHash(chunks, sha256, { totalItems, gaps }) !== root)
    throw badInput("root", "is not the hash of the chunk list, or of it with its gaps and its total");
  const parts = inventoryParts(db);
  const { scopeId, similar } = await parts.uploadsOf(sensor.id, now);
  const stored = await parts.known.find(scopeId, category, chunks);
  const missing = chunks.filter((hash) => !stored.has(hash));
  if (missing.length > 0) {
    similar.set(category, await findSimilar(db, parts, sensor, category, [...stored.values()]));
    return { missing };
  }
  const { list, itemCount } = checkChunks(chunks.map((hash) => stored.get(hash)!));
  if (totalItems !== undefined && totalItems <= itemCount)
    throw badInput("totalItems", `must be more than the ${countOf(itemCount, "item")} of the chunks`);
  const content = {
    ...{ scopeId, category, root: keyOf(root), list, itemCount },
    totalItems: totalItems ?? null,
    gaps: gaps === undefined ? null : JSON.stringify(gaps),
  };
  const said = { category, status: "collected", reason: null, durationMs: durationMs ?? null } as const;
  return { reported: { ...said, content } };
}

/** Throws input-invalid if the chunks are no content of a category. */
function checkChunks(chunks: KnownChunk[]): { list: ChunkList; itemCount: number } {
  let itemCount = 0;
  let sizeBytes = 0;
  let lastBucket = -1;
  for (const chunk of chunks) {
    // The bucket of an item depends only on its key, so increasing buckets cannot contain a key twice.
    if (chunk.bucket <= lastBucket) throw badInput("chunks", "must be one a bucket, in bucket order");
    lastBucket = chunk.bucket;
    itemCount += chunk.itemCount;
    sizeBytes += chunk.sizeBytes;
  }
  if (itemCount > MAX_ITEMS)
    throw badInput("chunks", `hold ${countOf(itemCount, "item")}, more than ${MAX_ITEMS}`);
  if (sizeBytes > MAX_CATEGORY_BYTES)
    throw badInput("chunks", `hold ${sizeBytes} bytes, more than ${MAX_CATEGORY_BYTES}`);
  return { list: listOf(chunks), itemCount };
}

function listOf(chunks: KnownChunk[]): ChunkList {
  return new Map(chunks.map(({ bucket, chunk }) => [bucket, chunk]));
}

/** Returns the stored list that is closest to that of the sensor. */
async function findSimilar(
  db: Database,
  { bases }: InventoryParts,
  sensor: SensorCaller,
  category: Category,
  known: KnownChunk[],
): Promise<ChunkList | undefined> {
  const own = sensor.reportedAt === null ? [] : await listBasesOf(db, [sensor.id]);
  const ownBase = own.find((row) => row.category === category)?.baseId;
  return (await bases.closest(category, listOf(known), ownBase))?.list;
}

/**
 * Stores chunks by their hashes. Throws input-invalid if a chunk does not match its hash, or an item does not
 * match the category.
 */
export async function recordChunks(
  db: Database,
  now: number,
  sensor: SensorCaller,
  category: Category,
  uploaded: Record<string, unknown[]>,
): Promise<void> {
  const { knownItems, uploadsOf, writer } = inventoryParts(db);
  const { scopeId, similar } = await uploadsOf(sensor.id, now);
  const base = similar.get(category);
  const chunks: NewChunk[] = [];
  const turns = openTurns("upload");
  for (const [hash, items] of Object.entries(uploaded)) {
    const key = keyOfItem(items[0]);
    const chunk = key === undefined ? undefined : base?.get(bucketOf(category, key));
    const known = chunk === undefined ? new Map() : await knownItems.read(chunk);
    chunks.push(await parseChunk({ category, hash, items, known }, sha256, turns));
  }
  await writer.upload({ scopeId, category, chunks, base });
}

/** The next request of the sensor needs no read, because its state after the report is remembered. */
async function store(
  db: Database,
  remembered: Remembered,
  { id, reportedAt }: SensorCaller,
  report: Pick<SensorReport, "times" | "categories">,
): Promise<void> {
  const wasComplete = reportedAt !== null;
  const after = await inventoryParts(db).writer.report({ sensorId: id, wasComplete, ...report });
  if (after) remembered.remember(after);
}

function timesOf(now: number, collectedAt: string | undefined): ReportTimes {
  return { now, collectedAt: collectedAt === undefined ? now : Math.min(now, Date.parse(collectedAt)) };
}

function badInput(field: string, message: string): Problem {
  return new Problem("input-invalid", `Cannot store inventory: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
