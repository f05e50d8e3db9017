// Stores the inventory that sensors report, once for all hosts with the same content.

import type { checkIn } from "@attacklens/protocol/check-in.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Manifest } from "@attacklens/protocol/inventory/manifest.ts";
import type { putInventory } from "@attacklens/protocol/inventory/upload.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { SensorCaller } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import type { RememberedSensors } from "../sensors/record/remembered-sensors.ts";
import { updateSensorVersion } from "../sensors/sensors.ts";
import { openTurns } from "../turns.ts";
import type { ReportTimes } from "./apply-report.ts";
import { inventoryParts, type Uploading } from "./inventory-parts.ts";
import { badInput, judgeManifest, type NewReport, parseUpload, type UploadedChunks } from "./judge-upload.ts";
import type { Upload } from "./storage/chunk-writer.ts";
import { keyOf } from "./storage/packs-store.ts";

type Remembered = Pick<RememberedSensors, "remember">;

type Body = RouteInput<typeof checkIn>["body"];
type Reports = NonNullable<Body["inventory"]>;
type Manifests = Partial<Record<Category, Manifest>>;
type Missing = Partial<Record<Category, string[]>>;

/** What the sensor has to upload. */
interface Wanted {
  wanted: Category[];
  /** Of categories whose lists the report has. */
  missing?: Missing | undefined;
}

/**
 * Stores a sensor's report. Returns the categories to upload: those that changed to content that no sensor of
 * its asset group has reported yet, and of which a chunk is missing, or the report has no list. A report
 * without changes needs one read. The other categories of a first report are stored with the upload
 * (`deferred-reports.ts`), unless it is late: no report repeats it.
 */
export async function recordReport(
  db: Database,
  now: number,
  remembered: Remembered,
  sensor: SensorCaller,
  report: Body,
): Promise<Wanted> {
  const { sensorVersion, inventory = {} } = report;
  if (sensorVersion !== sensor.version) await updateSensorVersion(db, sensor, sensorVersion);
  if (Object.keys(inventory).length === 0) return { wanted: [] };
  const { manifests, deferred, begin, findInventory } = inventoryParts(db);
  const stored = await findInventory(sensor.id);
  const categories: NewReport["categories"] = [];
  const collected: { category: Category; root: string; durationMs: number | null }[] = [];
  for (const category of CATEGORIES) {
    const said = inventory[category];
    if (!said) continue;
    const before = stored.states.get(category);
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
  let missing: Missing | undefined;
  if (collected.length > 0) {
    const uploading = await begin(sensor.id, now, stored);
    const found = await manifests.find(uploading.scopeId, collected);
    const unknown: Category[] = [];
    for (const { category, durationMs } of collected) {
      const content = found.get(category);
      if (content) categories.push({ category, status: "collected", reason: null, durationMs, content });
      else unknown.push(category);
    }
    const judged = await judgeManifests(db, uploading, listsOf(inventory, unknown)).catch(withoutLists);
    categories.push(...judged.complete);
    const isComplete = new Set(judged.complete.map(({ category }) => category));
    wanted.push(...unknown.filter((category) => !isComplete.has(category)));
    if (Object.keys(judged.missing).length > 0) missing = judged.missing;
  }
  if (categories.length === 0) return { wanted, missing };
  const isLate = report.collectedAt !== undefined;
  if (stored.states.size === 0 && wanted.length > 0 && !isLate && !deferred.has(sensor)) {
    deferred.add(sensor, categories);
    return { wanted, missing };
  }
  // This report has them all again.
  deferred.delete(sensor.id);
  await store(db, remembered, sensor, { times: timesOf(now, report.collectedAt), categories });
  return { wanted, missing };
}

/** A check-in is not refused for a list. The sensor uploads the category, which shows what is wrong. */
function withoutLists(error: unknown): Judged {
  if (error instanceof Problem) return { missing: {}, complete: [] };
  throw error;
}

/** The lists of chunks in a check-in. */
function listsOf(inventory: Reports, categories: readonly Category[]): Manifests {
  const lists: Manifests = {};
  for (const category of categories) {
    const said = inventory[category];
    if (said?.status !== "collected" || !said.chunks) continue;
    const { status: _, chunks, ...others } = said;
    lists[category] = { ...others, chunks };
  }
  return lists;
}

/** Like `recordManifests`, with chunks that the lists name. Throws input-invalid. */
export async function recordInventory(
  db: Database,
  now: number,
  remembered: Remembered,
  sensor: SensorCaller,
  report: RouteInput<typeof putInventory>["body"],
): Promise<Missing> {
  const chunks = chunksByCategory(report.categories, report.chunks ?? {});
  const upload = chunks.size === 0 ? undefined : await parseUpload(db, now, sensor, chunks);
  return await recordManifests(db, now, remembered, sensor, report, upload);
}

function chunksByCategory(categories: Manifests, chunks: Record<string, unknown[]>): UploadedChunks {
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
 * Stores categories as lists of chunks and uploaded chunks, all in one write. Returns the chunks that no
 * sensor of its asset group has uploaded, of each category that is not stored. Throws input-invalid, and
 * stores none.
 */
export async function recordManifests(
  db: Database,
  now: number,
  remembered: Remembered,
  sensor: SensorCaller,
  { collectedAt, categories }: { collectedAt?: string | undefined; categories: Manifests },
  upload?: Upload,
): Promise<Missing> {
  const { deferred, uploadsOf, write } = inventoryParts(db);
  const uploading = await uploadsOf(sensor.id, now);
  const { missing, complete } = await judgeManifests(db, uploading, categories, upload);
  const isFollowed = Object.keys(missing).length > 0 && !upload;
  if (complete.length > 0 && isFollowed && collectedAt === undefined && deferred.has(sensor))
    deferred.add(sensor, [...deferred.find(sensor), ...complete]);
  else if (complete.length > 0) {
    const report = { times: timesOf(now, collectedAt), categories: complete };
    await store(db, remembered, sensor, report, upload);
    for (const { category } of complete) uploading.similar.delete(category);
  } else if (upload) await write({ sender: sensor, upload });
  return missing;
}

interface Judged {
  missing: Missing;
  complete: NewReport["categories"];
}

/**
 * Returns the categories of which no chunk is missing, and the missing chunks of the others. Throws
 * input-invalid.
 */
async function judgeManifests(
  db: Database,
  uploading: Uploading,
  categories: Manifests,
  upload?: Upload,
): Promise<Judged> {
  const { bases, known } = inventoryParts(db);
  const uploaded = new Map(upload?.chunks.map((chunk) => [chunk.hash, chunk]));
  const hashes = Object.values(categories).flatMap(({ chunks }) => chunks);
  const stored = await known.find(
    uploading.scopeId,
    hashes.filter((hash) => !uploaded.has(hash)),
  );
  const judgement: Judged = { missing: {}, complete: [] };
  const turns = openTurns("upload");
  for (const category of CATEGORIES) {
    const manifest = categories[category];
    if (!manifest) continue;
    if (turns.isOver()) await turns.next();
    const judged = await judgeManifest(bases, uploading, category, manifest, uploaded, stored);
    if ("missing" in judged) judgement.missing[category] = judged.missing;
    else judgement.complete.push(judged.reported);
  }
  return judgement;
}

/** Stores chunks by their hashes. Throws input-invalid. */
export async function recordChunks(
  db: Database,
  now: number,
  sensor: SensorCaller,
  category: Category,
  uploaded: Record<string, unknown[]>,
): Promise<void> {
  const upload = await parseUpload(db, now, sensor, new Map([[category, Object.entries(uploaded)]]));
  await inventoryParts(db).write({ sender: sensor, upload });
}

/**
 * Stores the categories, and those that a check-in has deferred. The next request of the sensor needs no
 * read, because its state after the report is remembered.
 */
async function store(
  db: Database,
  remembered: Remembered,
  sensor: SensorCaller,
  { times, categories }: Pick<NewReport, "times" | "categories">,
  upload?: Upload,
): Promise<void> {
  const { id, reportedAt } = sensor;
  const { deferred, write } = inventoryParts(db);
  const others = deferred
    .find(sensor)
    .filter(({ category }) => !categories.some((reported) => reported.category === category));
  const report = {
    ...{ sensorId: id, wasComplete: reportedAt !== null },
    ...{ times, categories: [...others, ...categories] },
  };
  const after = await write({ sender: sensor, upload, report });
  deferred.delete(id);
  if (after) remembered.remember(after);
}

function timesOf(now: number, collectedAt: string | undefined): ReportTimes {
  return { now, collectedAt: collectedAt === undefined ? now : Math.min(now, Date.parse(collectedAt)) };
}
