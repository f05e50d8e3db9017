// Delivers the spooled reports, oldest first, and then the current one if it differs.

import { countOf } from "@attacklens/protocol/count-of.ts";
import type { Report, ReportResult } from "./report.ts";
import { type Spool, stateOf } from "./spool.ts";
import { DamagedReport } from "./spool-files.ts";
import { isAboutContent, UploadLimit } from "./upload.ts";

/**
 * How long a cycle delivers spooled reports. The next cycle continues, so that the status stays current
 * during a long backlog.
 */
const DELIVERY_MS = 60_000;

/** When the server accepts uploads of this sensor again, by this host's clock. */
export interface UploadPause {
  untilMs: number;
}

export type Delivered = ReportResult & {
  /** Whether the server has the current report, with its inventory. */
  isTaken: boolean;
};

/** Like deliverAll. While uploads are rate-limited, it only checks in, and the reports stay in the spool. */
export async function deliver(
  kept: Spool,
  present: Report,
  pause: UploadPause,
  sendOne: (report: Report) => Promise<ReportResult>,
  now: () => number,
  news: string[],
): Promise<Delivered> {
  if (now() >= pause.untilMs) {
    try {
      return await deliverAll(kept, present, sendOne, now, news);
    } catch (error) {
      if (!(error instanceof UploadLimit)) throw error;
      pause.untilMs = now() + error.retryAfterMs;
      news.push(`the server accepts no more uploads until ${new Date(pause.untilMs).toISOString()}`);
    }
  }
  return { ...(await sendOne({ ...present, inventory: {} })), isTaken: false };
}

/**
 * Removes each spooled report when the server has all of it, so that an interruption repeats at most one.
 * Throws Unreachable, Refused.
 */
async function deliverAll(
  kept: Spool,
  present: Report,
  sendOne: (report: Report) => Promise<ReportResult>,
  now: () => number,
  news: string[],
): Promise<Delivered> {
  const endsAt = now() + DELIVERY_MS;
  const delivered: Report[] = [];
  let last: ReportResult | undefined;
  try {
    for (let report = kept.oldest(); report; report = kept.oldest()) {
      if (last && now() > endsAt) return { ...last, isTaken: false };
      try {
        last = await sendOne(report);
        if (last.undecided) return { ...last, isTaken: false };
        delivered.push(report);
      } catch (error) {
        // A retry would fail again, so the report must not delay the others.
        if (!(error instanceof DamagedReport)) {
          if (!isAboutContent(error)) throw error;
          // Throws if the server refuses every report of this sensor. Then none is lost.
          last = await sendOne({ ...report, inventory: {} });
          if (last.undecided) return { ...last, isTaken: false };
        }
        news.push(`the report of ${report.collectedAt} from the spool is lost: ${error.message}`);
      }
      kept.removeOldest();
    }
  } finally {
    if (delivered.length > 0) {
      const what = countOf(delivered.length, "report");
      news.push(`delivered ${what} spooled since ${delivered[0]!.collectedAt}`);
    }
  }
  // Nothing has changed since the newest spooled report.
  const newest = delivered.at(-1);
  if (last && newest && stateOf(newest) === stateOf(present)) return { ...last, isTaken: true };
  const result = await sendOne(present);
  return { ...result, isTaken: !result.undecided };
}
