// Counts a token's arrivals over time, in a limited number of buckets that fits minutes or years.
import { MAX_TIMELINE_BUCKETS, type Timeline, type TimelineRange } from "@attacklens/protocol/rollout.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { countEnrolledByBucket, findEnrollmentSpan } from "./arrivals-store.ts";
import { listFirstRefusals } from "./attempts-store.ts";
import { notFound } from "./enrollment-tokens.ts";
import { hasToken } from "./enrollment-tokens-store.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
/** Round lengths of a bucket. Beyond them, multiples of the last. */
const WIDTHS_MS = [
  ...[5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28].map((count) => count * DAY),
];
const RANGES_MS: Record<Exclude<TimelineRange, "all">, number> = { hour: HOUR, day: DAY, week: 7 * DAY };
/** A rollout that has just begun is at the right of its chart, like later ones. */
const SHORTEST_SPAN_MS = 5 * MINUTE - 5 * SECOND;

interface Span {
  from: number;
  to: number;
}

/** Throws not-found. */
export async function getTimeline(
  db: Database,
  now: number,
  tokenId: string,
  range: TimelineRange,
): Promise<Timeline> {
  if (!(await hasToken(db, tokenId))) throw notFound(tokenId);
  const refusals = await listFirstRefusals(db, tokenId);
  const span =
    range === "all"
      ? wholeSpan(now, refusals, await findEnrollmentSpan(db, tokenId))
      : { from: now - RANGES_MS[range], to: now };
  if (span === undefined) return { bucketSeconds: WIDTHS_MS[0]! / SECOND, buckets: [] };
  const { from, widthMs, count } = bucketsOf(span);
  const enrolled = await countEnrolledByBucket(db, tokenId, { from, widthMs });
  const refused = new Map<number, number>();
  for (const at of refusals) {
    const bucket = Math.floor((at - from) / widthMs);
    refused.set(bucket, (refused.get(bucket) ?? 0) + 1);
  }
  return {
    bucketSeconds: widthMs / SECOND,
    buckets: Array.from({ length: count }, (_, bucket) => ({
      at: toInstant(from + bucket * widthMs),
      enrolled: enrolled.get(bucket) ?? 0,
      refused: refused.get(bucket) ?? 0,
    })),
  };
}

/**
 * From the first attempt to the last, and on towards now by at most a quarter, so that a rollout that ended
 * fills most of its chart. Undefined without attempts.
 */
function wholeSpan(now: number, refusals: number[], sensors?: { first: number; last: number }) {
  const all = refusals.concat(sensors ? [sensors.first, sensors.last] : []);
  if (all.length === 0) return undefined;
  const first = all.reduce((least, at) => Math.min(least, at));
  const last = all.reduce((most, at) => Math.max(most, at));
  const rest = Math.max(SHORTEST_SPAN_MS, (last - first) / 4);
  // An attempt can be later than now if another server's clock is ahead.
  const to = Math.max(last, Math.min(now, last + rest));
  return { from: Math.min(first, to - SHORTEST_SPAN_MS), to };
}

/** The shortest buckets that cover the span within the limit, aligned so that they start at round times. */
export function bucketsOf({ from, to }: Span): { from: number; widthMs: number; count: number } {
  const start = (widthMs: number) => Math.floor(from / widthMs) * widthMs;
  const countOf = (widthMs: number) => Math.floor((to - start(widthMs)) / widthMs) + 1;
  let widthMs = WIDTHS_MS.find((width) => countOf(width) <= MAX_TIMELINE_BUCKETS);
  const longest = WIDTHS_MS.at(-1)!;
  for (let times = 2; widthMs === undefined; times++)
    if (countOf(times * longest) <= MAX_TIMELINE_BUCKETS) widthMs = times * longest;
  return { from: start(widthMs), widthMs, count: countOf(widthMs) };
}
