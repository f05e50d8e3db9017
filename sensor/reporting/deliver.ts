// What a cycle sends: the reports that waited for the server, oldest first, and behind them the present one if it differs.

import { isAboutContent, type Report, type ReportResult, UploadLimit } from "./report.ts";
import { type Spool, stateOf } from "./spool.ts";
import { DamagedReport } from "./spool-files.ts";

/** How long a cycle delivers what waited; the rest is for the next one, lest a sensor with a long backlog seem to stand still. */
const DELIVERY_MS = 60_000;

/** Until when the server takes no uploads of this sensor, by this host's clock. */
export interface UploadPause {
  untilMs: number;
}

/** As deliverAll. While the server has had enough of this sensor's uploads, being there is told all the same, and the rest waits. */
export async function deliver(
  kept: Spool,
  present: Report,
  pause: UploadPause,
  sendOne: (report: Report) => Promise<ReportResult>,
  now: () => number,
  news: string[],
): Promise<ReportResult & { isTaken: boolean }> {
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
 * Each kept report is removed once the server has everything of it, so that a cut repeats only that one. `isTaken` tells whether
 * the server has the present one. Throws Unreachable, Refused.
 */
async function deliverAll(
  kept: Spool,
  present: Report,
  sendOne: (report: Report) => Promise<ReportResult>,
  now: () => number,
  news: string[],
): Promise<ReportResult & { isTaken: boolean }> {
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
        // It is refused, or cannot be read, as often as it is tried: those behind it must not wait for it.
        if (!(error instanceof DamagedReport)) {
          if (!isAboutContent(error)) throw error;
          // Unless the server refuses what this sensor says with every report, which throws, and costs none.
          last = await sendOne({ ...report, inventory: {} });
          if (last.undecided) return { ...last, isTaken: false };
        }
        news.push(`the report of ${report.collectedAt} from the spool is lost: ${error.message}`);
      }
      kept.removeOldest();
    }
  } finally {
    if (delivered.length > 0) {
      const what = delivered.length === 1 ? "1 report" : `${delivered.length} reports`;
      news.push(`delivered ${what} spooled since ${delivered[0]!.collectedAt}`);
    }
  }
  // Nothing has changed since the newest that waited.
  const newest = delivered.at(-1);
  if (last && newest && stateOf(newest) === stateOf(present)) return { ...last, isTaken: true };
  const result = await sendOne(present);
  return { ...result, isTaken: !result.undecided };
}
