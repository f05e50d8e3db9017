// The names of a timeline's bars, in the browser's time zone.
import type { Timeline } from "@attacklens/protocol/rollout.ts";
import { countOf } from "../../ui/numbers.ts";

const DAY_MS = 86_400_000;

/** The browser's when absent. */
interface Zone {
  timeZone?: string;
  locale?: string;
}

/** The bars as the chart shows them. */
export function timelineBars({ bucketSeconds, buckets }: Timeline, zone: Zone = {}) {
  const widthMs = bucketSeconds * 1000;
  const hasSeconds = bucketSeconds < 60;
  const isLong = buckets.length * widthMs > DAY_MS;
  return buckets.map(({ at, enrolled, refused }) => {
    const start = new Date(at);
    const end = new Date(start.getTime() + widthMs);
    return {
      key: at,
      label: isLong && widthMs >= DAY_MS ? dayOf(start, zone) : timeOf(start, { hasSeconds, isLong, zone }),
      title: spanOf(start, end, hasSeconds, zone),
      values: [enrolled, refused],
    };
  });
}

/** `188 hosts enrolled, 12 refusals.` */
export function timelineSummary({ buckets }: Timeline): string {
  const sum = (of: "enrolled" | "refused") => buckets.reduce((total, bucket) => total + bucket[of], 0);
  return `${countOf(sum("enrolled"), "host")} enrolled, ${countOf(sum("refused"), "refusal")}.`;
}

function dayOf(at: Date, { timeZone, locale }: Zone): string {
  return at.toLocaleDateString(locale, { day: "numeric", month: "short", ...(timeZone && { timeZone }) });
}

interface TimeForm {
  hasSeconds: boolean;
  isLong: boolean;
  zone: Zone;
}

function timeOf(at: Date, { hasSeconds, isLong, zone }: TimeForm): string {
  const time = at.toLocaleTimeString(zone.locale, {
    hour: "2-digit",
    minute: "2-digit",
    ...(hasSeconds && { second: "2-digit" }),
    ...(zone.timeZone && { timeZone: zone.timeZone }),
  });
  return isLong ? `${dayOf(at, zone)}, ${time}` : time;
}

/** `26 Nov, 10:05–10:06`, or `26 Nov, 23:30 – 27 Nov, 00:00`. */
function spanOf(start: Date, end: Date, hasSeconds: boolean, zone: Zone): string {
  const form = { hasSeconds, zone };
  const first = timeOf(start, { ...form, isLong: true });
  const isOneDay = dayOf(start, zone) === dayOf(end, zone);
  return isOneDay
    ? `${first}–${timeOf(end, { ...form, isLong: false })}`
    : `${first} – ${timeOf(end, { ...form, isLong: true })}`;
}
