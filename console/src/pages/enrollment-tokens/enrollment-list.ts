// The list of enrollment attempts, and the words of its filter of time.
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { listOf } from "../../loading.ts";

export const enrollmentList = listOf(listEnrollmentAttempts);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const PERIODS = [
  { value: "1", label: "Last 24 hours" },
  { value: "7", label: "Last 7 days" },
  { value: "14", label: "Last 14 days" },
  { value: "30", label: "Last 30 days" },
] as const;

/** The start of a period that ends now, to the minute, so that the URL stays readable. */
export function startOf(days: string, nowMs: number): string {
  return new Date(Math.floor((nowMs - Number(days) * 24 * HOUR_MS) / MINUTE_MS) * MINUTE_MS).toISOString();
}

interface Bounds {
  from?: string | undefined;
  until?: string | undefined;
}

/**
 * `26 Nov 2026` for a whole day, `since 25 Nov 2026, 12:00`, or both bounds. The zone and the locale
 * are those of the browser when absent.
 */
export function boundsText({ from, until }: Bounds, timeZone?: string, locale?: string): string | undefined {
  const zone = timeZone ? { timeZone } : {};
  const dayOf = (instant: string) =>
    new Date(instant).toLocaleDateString(locale, { dateStyle: "medium", ...zone });
  const timeOf = (instant: string) =>
    new Date(instant).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short", ...zone });
  if (from && until) {
    const isDay = isMidnight(from, zone) && isMidnight(until, zone);
    const last = new Date(Date.parse(until) - 1).toISOString();
    if (isDay) return dayOf(from) === dayOf(last) ? dayOf(from) : `${dayOf(from)} to ${dayOf(last)}`;
    return `${timeOf(from)} to ${timeOf(until)}`;
  }
  if (from) return `since ${isMidnight(from, zone) ? dayOf(from) : timeOf(from)}`;
  return until && `before ${isMidnight(until, zone) ? dayOf(until) : timeOf(until)}`;
}

function isMidnight(instant: string, zone: { timeZone?: string }): boolean {
  const time = new Date(instant).toLocaleTimeString("en-GB", { timeStyle: "medium", ...zone });
  return time === "00:00:00";
}
