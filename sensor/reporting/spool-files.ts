// Where reports wait that the server has not taken: `reports/` in the state folder. A file a report, which names its chunks; a file
// a chunk, by its hash, which reports share; how many were dropped. Each is verified when it is read.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { categoryReport } from "@attacklens/protocol/check-in.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { category } from "@attacklens/protocol/inventory/categories.ts";
import { rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CHUNK_BYTES } from "@attacklens/protocol/inventory/upload.ts";
import { instant, sha256Hex } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import { STAMP, stampSchema } from "../state/state-version.ts";
import type { Report } from "./report.ts";

const MAX_REPORT_BYTES = 1024 * 1024;

const [collected, failed, unsupported] = categoryReport.options;
const spooledReport = z.strictObject({
  ...stampSchema,
  collectedAt: instant,
  inventory: z.partialRecord(
    category,
    z.discriminatedUnion("status", [
      collected.extend({ chunks: z.array(sha256Hex).max(256) }),
      failed,
      unsupported,
    ]),
  ),
});
const droppedReports = z.strictObject({
  count: z.int().min(1),
  /** When the first of them was collected. */
  since: instant,
});
export type DroppedReports = z.infer<typeof droppedReports>;

/** What was kept cannot be read as it was written. */
export class DamagedReport extends Error {}

export interface SpoolCounts {
  waiting: number;
  /** When the oldest was collected; null: none waits. */
  since: string | null;
  /** Given up because the spool was full since none waited the last time; null: none. */
  dropped: DroppedReports | null;
}

export function spooledReportPaths(stateDir: string) {
  const folder = join(stateDir, "reports");
  return { folder, chunkFolder: join(folder, "chunks"), droppedPath: join(folder, "dropped.json") };
}

/** What waits, by the names of the files alone. */
export function countSpooledReports(stateDir: string): SpoolCounts {
  const { folder } = spooledReportPaths(stateDir);
  const kept = namesIn(folder).flatMap((name) => parseReportName(name) ?? []);
  return { waiting: kept.length, since: kept[0]?.since ?? null, dropped: readDropped(stateDir) ?? null };
}

/** For a sensor whose key is forgotten. */
export function removeSpool(stateDir: string): void {
  rmSync(spooledReportPaths(stateDir).folder, { recursive: true, force: true });
}

/** The sequence gives the order: a clock may go back. */
export function reportName(sequence: number, collectedAt: string): string {
  return `${String(sequence).padStart(12, "0")}-${Math.max(0, Date.parse(collectedAt))}.json`;
}

/** Undefined for another file's name. */
export function parseReportName(name: string): { sequence: number; since: string } | undefined {
  const [, sequence, ms] = /^(\d{12})-(\d{1,15})\.json$/.exec(name) ?? [];
  return sequence ? { sequence: Number(sequence), since: new Date(Number(ms)).toISOString() } : undefined;
}

export function formatReport({ collectedAt, inventory }: Report): string {
  return JSON.stringify({ ...STAMP, collectedAt, inventory });
}

/** Throws DamagedReport, as does the report's `contentOf`. */
export function readReport(stateDir: string, name: string): { report: Report; sizeBytes: number } {
  const { folder, chunkFolder } = spooledReportPaths(stateDir);
  const text = readBounded(join(folder, name), MAX_REPORT_BYTES) ?? "";
  const { data } = spooledReport.safeParse(parseJson(text));
  const isWhole =
    data &&
    Object.values(data.inventory).every(
      (said) => said.status !== "collected" || rootHash(said.chunks, sha256) === said.root,
    );
  if (!isWhole) throw new DamagedReport("its file is damaged");
  const contentOf = (hash: string) => {
    const content = readChunk(chunkFolder, hash);
    if (content === undefined) throw new DamagedReport("a part of it is damaged");
    return content;
  };
  const { collectedAt, inventory } = data;
  return { report: { collectedAt, inventory, contentOf }, sizeBytes: Buffer.byteLength(text) };
}

/** Undefined when it is not there, or is not what its name says. */
export function readChunk(chunkFolder: string, hash: string): string | undefined {
  const content = readBounded(join(chunkFolder, hash), MAX_CHUNK_BYTES);
  return content !== undefined && sha256(content) === hash ? content : undefined;
}

/** Undefined when none was dropped, or nobody can read how many. */
export function readDropped(stateDir: string): DroppedReports | undefined {
  const text = readBounded(spooledReportPaths(stateDir).droppedPath, MAX_REPORT_BYTES);
  const { data } = droppedReports
    .extend(z.object(stampSchema).partial().shape)
    .safeParse(parseJson(text ?? ""));
  return data && { count: data.count, since: data.since };
}

/** Sorted; none where there is no such folder. Throws the system's error for one that cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return [];
    throw error;
  }
}

function readBounded(path: string, maxBytes: number): string | undefined {
  try {
    const stat = lstatSync(path);
    // A pipe would never end.
    return stat.isFile() && stat.size <= maxBytes ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
