// Stores the inventory that sensors report, once for all hosts with the same content, and reads its items.

import { createHash } from "node:crypto";
import type { checkIn } from "@attacklens/protocol/check-in.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CATEGORY_BYTES, MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import type { putManifest } from "@attacklens/protocol/inventory/upload.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { SensorCaller } from "../caller.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { markSensorReported, updateSensorFacts, updateSensorVersion } from "../sensors/sensors.ts";
import { openTurns } from "../turns.ts";
import {
  describeChunks,
  findScope,
  findScopedManifest,
  insertChunks,
  insertHistory,
  insertManifest,
  insertScope,
  listChunkContents,
  listSensorInventory,
  upsertSensorInventory,
} from "./inventory-store.ts";
import { parseChunk } from "./parse-chunk.ts";

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * Stores a sensor's report. Returns the categories to upload: those that changed to content that no sensor of
 * its asset group has reported yet. A report without changes needs one read.
 */
export async function recordReport(
  db: Database,
  now: number,
  sensor: SensorCaller,
  report: RouteInput<typeof checkIn>["body"],
): Promise<Category[]> {
  const { sensorVersion, inventory = {} } = report;
  const times = timesOf(now, report.collectedAt);
  if (sensorVersion !== sensor.version) await updateSensorVersion(db, sensor.id, sensorVersion);
  const stored = new Map((await listSensorInventory(db, sensor.id)).map((row) => [row.category, row]));
  const wanted: Category[] = [];
  let scope: string | undefined;
  for (const category of CATEGORIES) {
    const said = inventory[category];
    if (!said) continue;
    const before = stored.get(category);
    if (said.status === "collected") {
      if (before?.status === "collected" && before.root === said.root) continue;
      scope ??= await findScope(db, sensor.id);
      const manifest = await findScopedManifest(db, scope, category, said.root);
      const { root, durationMs = null } = said;
      if (manifest)
        await storeReport(db, times, sensor, category, {
          root,
          durationMs,
          chunks: parseHashes(manifest.chunks),
        });
      else wanted.push(category);
    } else {
      const { status } = said;
      const reason = "reason" in said ? said.reason : null;
      const durationMs = "durationMs" in said ? (said.durationMs ?? null) : null;
      if (before?.status === status && before.reason === reason) continue;
      const row = {
        ...{ sensorId: sensor.id, category, status, reason, durationMs },
        ...{ root: null, changedAt: null },
      };
      await inTransaction(db, async (tx) => {
        await upsertSensorInventory(tx, row);
        await markReportedWhenComplete(tx, now, sensor);
        await announce(tx, "sensor");
      });
    }
  }
  return wanted;
}

/**
 * Stores a category as a list of chunks, or returns the chunks that no sensor of its asset group has
 * uploaded. Throws input-invalid.
 */
export async function recordManifest(
  db: Database,
  now: number,
  sensor: SensorCaller,
  category: Category,
  { root, chunks, totalItems, gaps, durationMs, collectedAt }: RouteInput<typeof putManifest>["body"],
): Promise<string[]> {
  if (new Set(chunks).size !== chunks.length) throw badInput("chunks", "names a chunk twice");
  if (rootHash(chunks, sha256, { totalItems, gaps }) !== root)
    throw badInput("root", "is not the hash of the chunk list, or of it with its gaps and its total");
  const scope = await findScope(db, sensor.id);
  const stored = await describeChunks(db, scope, category, chunks);
  const missing = chunks.filter((hash) => !stored.has(hash));
  if (missing.length > 0) return missing;
  let itemCount = 0;
  let sizeBytes = 0;
  let lastBucket = -1;
  for (const hash of chunks) {
    const chunk = stored.get(hash)!;
    // The bucket of an item depends only on its key, so increasing buckets cannot contain a key twice.
    if (chunk.bucket <= lastBucket) throw badInput("chunks", "must be one a bucket, in bucket order");
    lastBucket = chunk.bucket;
    itemCount += chunk.itemCount;
    sizeBytes += chunk.sizeBytes;
  }
  if (itemCount > MAX_ITEMS) throw badInput("chunks", `hold ${itemCount} items, more than ${MAX_ITEMS}`);
  if (sizeBytes > MAX_CATEGORY_BYTES)
    throw badInput("chunks", `hold ${sizeBytes} bytes, more than ${MAX_CATEGORY_BYTES}`);
  if (totalItems !== undefined && totalItems <= itemCount)
    throw badInput("totalItems", `must be more than the ${itemCount} items of the chunks`);
  const manifest = {
    ...{ root, category, chunks: JSON.stringify(chunks), itemCount, createdAt: now },
    totalItems: totalItems ?? null,
    gaps: gaps === undefined ? null : JSON.stringify(gaps),
  };
  await inTransaction(db, async (tx) => {
    await insertManifest(tx, manifest);
    await insertScope(tx, scope, [root]);
    await storeReport(tx, timesOf(now, collectedAt), sensor, category, {
      ...{ root, chunks, durationMs: durationMs ?? null },
    });
  });
  return [];
}

/** SQLite needs 20 ms or more to write 64 chunks of 50 kB, which blocks all other requests. */
const CHUNKS_A_STATEMENT = 4;

/**
 * Stores chunks by their hashes. Throws input-invalid if a chunk does not match its hash, or an item does not
 * match the category.
 */
export async function recordChunks(
  db: Database,
  now: number,
  sensor: SensorCaller,
  category: Category,
  chunks: Record<string, unknown[]>,
): Promise<void> {
  const rows: Parameters<typeof insertChunks>[1] = [];
  const turns = openTurns();
  for (const [hash, items] of Object.entries(chunks)) {
    const chunk = await parseChunk(category, hash, items, sha256, turns);
    rows.push({ hash, category, ...chunk, createdAt: now });
  }
  await inTransaction(db, async (tx) => {
    // Sorted over all statements, so that two sensors with the same chunks do not deadlock.
    const ordered = rows.toSorted((one, other) => (one.hash < other.hash ? -1 : 1));
    for (let start = 0; start < ordered.length; start += CHUNKS_A_STATEMENT) {
      await insertChunks(tx, ordered.slice(start, start + CHUNKS_A_STATEMENT));
      if (turns.isOver()) await turns.next();
    }
    await insertScope(tx, await findScope(tx, sensor.id), Object.keys(chunks));
  });
}

/** Returns the items of a list of chunks, unsorted. */
export async function readItems<C extends Category>(
  db: Database,
  category: C,
  hashes: string[],
): Promise<Item<C>[]> {
  const contents = await listChunkContents(db, category, hashes);
  // The content was parsed with the category's schema before it was stored.
  return hashes.flatMap((hash) => JSON.parse(contents.get(hash) ?? "[]") as Item<C>[]);
}

export function parseHashes(json: string): string[] {
  return JSON.parse(json) as string[];
}

/**
 * When a report arrived, and when it was collected, which is never later, even with a wrong clock of the
 * sensor.
 */
interface ReportTimes {
  now: number;
  collectedAt: number;
}

function timesOf(now: number, collectedAt: string | undefined): ReportTimes {
  return { now, collectedAt: collectedAt === undefined ? now : Math.min(now, Date.parse(collectedAt)) };
}

/**
 * Stores the category's new content, unless it is unchanged, so that a report that is sent twice counts once.
 */
async function storeReport(
  db: Database,
  times: ReportTimes,
  sensor: SensorCaller,
  category: Category,
  { root, chunks, durationMs }: { root: string; chunks: string[]; durationMs: number | null },
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const changedAt = await upsertSensorInventory(tx, {
      sensorId: sensor.id,
      category,
      status: "collected",
      reason: null,
      root,
      changedAt: times.collectedAt,
      durationMs,
    });
    if (changedAt === undefined || changedAt === null) return;
    await insertHistory(tx, {
      sensorId: sensor.id,
      category,
      root,
      reportedAt: times.now,
      collectedAt: changedAt,
    });
    if (category === "system")
      await updateSensorFacts(tx, times.now, sensor.id, hostFactsOf(await readItems(tx, "system", chunks)));
    await markReportedWhenComplete(tx, times.now, sensor);
    await announce(tx, "sensor");
  });
}

async function markReportedWhenComplete(db: Database, now: number, sensor: SensorCaller): Promise<void> {
  if (sensor.reportedAt !== null) return;
  const rows = await listSensorInventory(db, sensor.id);
  const complete = CATEGORIES.every((category) => rows.some((row) => row.category === category));
  if (complete) await markSensorReported(db, sensor.id, now);
}

function hostFactsOf(items: Item<"system">[]): Parameters<typeof updateSensorFacts>[3] {
  const facts: Parameters<typeof updateSensorFacts>[3] = {};
  for (const item of items) {
    if (item.kind === "host") facts.hostname = item.hostname;
    if (item.kind === "os")
      Object.assign(facts, { platform: item.platform, osName: item.name, osVersion: item.version });
  }
  return facts;
}

function badInput(field: string, message: string): Problem {
  return new Problem("input-invalid", `Cannot store inventory: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
