// Files of the spool, in `reports/` of the state folder: one per report with the hashes of its chunks, one
// per chunk, which reports share, and one with the number of dropped reports. Each is verified when read.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { categoryReport } from "@attacklens/protocol/check-in.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { category } from "@attacklens/protocol/inventory/category.ts";
import { rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { gaps, totalItems } from "@attacklens/protocol/inventory/gap.ts";
import { MAX_CHUNK_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import { instant, sha256Hex } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import { stampSchema } from "../state/stamp-schema.ts";
import { STAMP } from "../state/state-version.ts";
import type { Report } from "./report.ts";

const MAX_REPORT_BYTES = 1024 * 1024;

const [collected, reasoned, plain] = categoryReport.options;
const spooledReport = z.strictObject({
  ...stampSchema,
  collectedAt: instant,
  inventory: z.partialRecord(
    category,
    z.discriminatedUnion("status", [
      collected.extend({
        chunks: z.array(sha256Hex).max(256),
        totalItems: totalItems.optional(),
        gaps: gaps.optional(),
      }),
      reasoned,
      plain,
    ]),
  ),
});
const droppedReports = z.strictObject({
  count: z.int().min(1),
  /** When the first dropped report was collected. */
  since: instant,
});
export type DroppedReports = z.infer<typeof droppedReports>;

/** A spooled report is damaged or incomplete. */
export class DamagedReport extends Error {}

export interface SpoolCounts {
  waiting: number;
  /** When the oldest report was collected; null: the spool is empty. */
  since: string | null;
  /** Reports dropped because the spool was full, since it was last empty; null: none. */
  dropped: DroppedReports | null;
}

export function spooledReportPaths(stateDir: string) {
  const folder = join(stateDir, "reports");
  return { folder, chunkFolder: join(folder, "chunks"), droppedPath: join(folder, "dropped.json") };
}

/** Counts the spooled reports by file names only. */
export function countSpooledReports(stateDir: string): SpoolCounts {
  const { folder } = spooledReportPaths(stateDir);
  const kept = namesIn(folder).flatMap((name) => parseReportName(name) ?? []);
  return { waiting: kept.length, since: kept[0]?.since ?? null, dropped: readDropped(stateDir) ?? null };
}

/** Removes the spool of a sensor that is unenrolled. */
export function removeSpool(stateDir: string): void {
  rmSync(spooledReportPaths(stateDir).folder, { recursive: true, force: true });
}

/** The sequence defines the order, because a clock may be set back. */
export function reportName(sequence: number, collectedAt: string): string {
  return `${String(sequence).padStart(12, "0")}-${Math.max(0, Date.parse(collectedAt))}.json`;
}

/** Undefined if the file is not a report. */
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
      (said) => said.status !== "collected" || rootHash(said.chunks, sha256, said) === said.root,
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

/** Undefined if the file is missing or does not match its hash. */
export function readChunk(chunkFolder: string, hash: string): string | undefined {
  const content = readBounded(join(chunkFolder, hash), MAX_CHUNK_BYTES);
  return content !== undefined && sha256(content) === hash ? content : undefined;
}

/** Undefined if no report was dropped, or the file cannot be read. */
export function readDropped(stateDir: string): DroppedReports | undefined {
  const text = readBounded(spooledReportPaths(stateDir).droppedPath, MAX_REPORT_BYTES);
  const { data } = droppedReports
    .extend(z.object(stampSchema).partial().shape)
    .safeParse(parseJson(text ?? ""));
  return data && { count: data.count, since: data.since };
}

/** Sorted names; empty if the folder does not exist. Throws the system's error if it cannot be read. */
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
    // Reading a FIFO would block.
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
