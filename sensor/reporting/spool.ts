// The spool: reports on the disk until the server accepts them, in order, without repeated states, up to a
// size limit. The file of a report is written last and removed first, so that a kill leaves complete reports
// only. The next start removes unused chunks.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { countOf } from "@attacklens/protocol/count-of.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { syncFolder, writeFileAtomically, writeNewFile } from "../state/atomic-file.ts";
import { makePrivateFolder } from "../state/private-files.ts";
import { STAMP } from "../state/state-version.ts";
import { systemReason } from "../system-reason.ts";
import type { Report } from "./report.ts";
import {
  formatReport,
  namesIn,
  parseReportName,
  readChunk,
  readDropped,
  readReport,
  reportName,
  spooledReportPaths,
} from "./spool-files.ts";

/** Maximum disk space of the spool. */
export const MAX_SPOOL_BYTES = 32 * 1024 * 1024;
/** Disk space of a file is a multiple of this; most chunks are smaller. */
const BLOCK_BYTES = 4_096;

export type Spool = ReturnType<typeof openSpool>;

/** Opens the spool of an earlier run. Failures, here and later, go to `news` and are never thrown. */
export function openSpool(
  stateDir: string,
  news: string[],
  maxBytes = MAX_SPOOL_BYTES,
  /** The state of the report that was accepted before this start of the process. */
  accepted?: string,
) {
  const { folder, chunkFolder, droppedPath } = spooledReportPaths(stateDir);
  // Leaves space for the file that counts dropped reports.
  const limitBytes = maxBytes - BLOCK_BYTES;
  /** Oldest first. */
  const reports: { name: string; diskBytes: number }[] = [];
  const chunks = new Map<string, { diskBytes: number; uses: number }>();
  /** The state of the report that was last spooled or accepted. */
  let latest = accepted;
  let sequence = 0;
  let dropped = readDropped(stateDir);

  function open(): void {
    for (const hash of namesIn(chunkFolder)) {
      const content = readChunk(chunkFolder, hash);
      if (content === undefined) remove(join(chunkFolder, hash));
      else chunks.set(hash, { diskBytes: onDisk(Buffer.byteLength(content)), uses: 0 });
    }
    for (const name of namesIn(folder)) {
      if (name.endsWith(".new")) remove(join(folder, name));
      const parsed = parseReportName(name);
      if (!parsed) continue;
      sequence = parsed.sequence;
      try {
        const { report, sizeBytes } = readReport(stateDir, name);
        for (const hash of hashesOf(report)) if (!chunks.has(hash)) report.contentOf(hash);
        for (const hash of hashesOf(report)) chunks.get(hash)!.uses++;
        reports.push({ name, diskBytes: onDisk(sizeBytes) });
        latest = stateOf(report);
      } catch (error) {
        remove(join(folder, name));
        tellLost(name, error);
      }
    }
    for (const hash of chunks.keys()) removeUnused(hash);
  }

  function usedBytes(): number {
    return [...reports, ...chunks.values()].reduce((sum, { diskBytes }) => sum + diskBytes, 0);
  }

  function makeRoom(sizeBytes: number, contents: Map<string, string>): void {
    const neededBytes = () =>
      [...contents].reduce(
        (sum, [hash, content]) => sum + (chunks.has(hash) ? 0 : onDisk(Buffer.byteLength(content))),
        onDisk(sizeBytes),
      );
    const before = dropped?.count ?? 0;
    while (reports.length > 0 && usedBytes() + neededBytes() > limitBytes) {
      const since = dropped?.since ?? parseReportName(reports[0]!.name)!.since;
      dropped = { count: (dropped?.count ?? 0) + 1, since };
      removeOldest();
    }
    if (!dropped || dropped.count === before) return;
    const { count, since } = dropped;
    news.push(
      `dropped ${countOf(count - before, "spooled report")} because the spool was full; ${count} since ${since}`,
    );
    attempt("record how many reports were dropped", () =>
      writeFileAtomically(droppedPath, JSON.stringify({ ...STAMP, ...dropped })),
    );
  }

  function write(name: string, text: string, contents: Map<string, string>): void {
    const written: string[] = [];
    try {
      makePrivateFolder(chunkFolder);
      for (const [hash, content] of contents) {
        if (chunks.has(hash)) continue;
        const path = join(chunkFolder, hash);
        rmSync(path, { recursive: true, force: true });
        written.push(path);
        writeNewFile(path, content);
      }
      if (written.length > 0) syncFolder(chunkFolder);
      writeFileAtomically(join(folder, name), text);
    } catch (error) {
      for (const path of written) remove(path);
      throw error;
    }
  }

  /** Removes the oldest report and its unshared chunks. The removal survives a power failure. */
  function removeOldest(): void {
    const { name } = reports.shift()!;
    const hashes = hashesOfFile(name);
    attempt(`remove the report of ${parseReportName(name)?.since}`, () => {
      rmSync(join(folder, name), { force: true });
      syncFolder(folder);
    });
    for (const hash of hashes) {
      const chunk = chunks.get(hash);
      if (chunk) chunk.uses--;
      removeUnused(hash);
    }
  }

  function hashesOfFile(name: string): string[] {
    try {
      return hashesOf(readReport(stateDir, name).report);
    } catch {
      // The next start finds the chunks of a damaged report.
      return [];
    }
  }

  function removeUnused(hash: string): void {
    if (chunks.get(hash)?.uses !== 0) return;
    chunks.delete(hash);
    remove(join(chunkFolder, hash));
  }

  function remove(path: string): void {
    attempt(`remove ${path}`, () => rmSync(path, { recursive: true, force: true }));
  }

  function attempt(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      news.push(`cannot ${what}: ${systemReason(error)}`);
    }
  }

  function tellLost(name: string, error: unknown): void {
    const { message } = error as Error;
    news.push(`the report of ${parseReportName(name)?.since} from the spool is lost: ${message}`);
  }

  attempt("read the spool", open);

  return {
    /** Spools the report unless its state equals the last spooled or accepted one. */
    keep(report: Report): void {
      const state = stateOf(report);
      if (state === latest) return;
      const text = formatReport(report);
      const sizeBytes = Buffer.byteLength(text);
      const contents = new Map(hashesOf(report).map((hash) => [hash, report.contentOf(hash)]));
      const all = [text, ...contents.values()].map((content) => onDisk(Buffer.byteLength(content)));
      const wholeBytes = all.reduce((sum, bytes) => sum + bytes, 0);
      if (wholeBytes > limitBytes) {
        latest = state;
        news.push(`cannot spool this report: it takes ${wholeBytes} bytes, more than ${limitBytes}`);
        return;
      }
      makeRoom(sizeBytes, contents);
      attempt("spool this report", () => {
        const name = reportName(sequence + 1, report.collectedAt);
        write(name, text, contents);
        sequence++;
        latest = state;
        reports.push({ name, diskBytes: onDisk(sizeBytes) });
        for (const [hash, content] of contents) {
          const uses = (chunks.get(hash)?.uses ?? 0) + 1;
          chunks.set(hash, { diskBytes: onDisk(Buffer.byteLength(content)), uses });
        }
      });
    },

    /** The state of the report that the server accepted last; undefined: the spool has reports. */
    accepted: () => (reports.length === 0 ? latest : undefined),

    /** Records that the server accepted a report directly. */
    noteTaken(report: Report): void {
      latest = stateOf(report);
    },

    /** The next report to deliver; undefined: the spool is empty. */
    oldest(): Report | undefined {
      for (;;) {
        const name = reports[0]?.name;
        if (name === undefined) return undefined;
        try {
          return readReport(stateDir, name).report;
        } catch (error) {
          removeOldest();
          tellLost(name, error);
        }
      }
    },

    /** Removes the oldest report: the server accepted it or never will. */
    removeOldest(): void {
      removeOldest();
      if (reports.length > 0 || !dropped) return;
      news.push(
        `${countOf(dropped.count, "report")} since ${dropped.since} were dropped because the spool was full`,
      );
      dropped = undefined;
      remove(droppedPath);
    },
  };
}

function onDisk(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function hashesOf({ inventory }: Report): string[] {
  const all = Object.values(inventory).flatMap((said) => (said.status === "collected" ? said.chunks : []));
  return [...new Set(all)];
}

/** Reports with the same state have the same content. The reason of a failed category does not count. */
export function stateOf({ inventory }: Report): string {
  return CATEGORIES.map((category) => {
    const said = inventory[category];
    return said?.status === "collected" ? said.root : said?.status;
  }).join(" ");
}
