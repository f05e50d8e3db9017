// The days and hours of a ring as instants, in its time zone.
import { type RingSettings, WEEKDAYS, WHOLE_DAY } from "@attacklens/protocol/ring-settings.ts";
import { DAY_MS, openZone } from "../time-zone.ts";

export type UpdateWindow = Pick<RingSettings, "days" | "hours" | "timeZone">;

/** Open from one instant until before the other, in milliseconds. */
export interface Opening {
  from: number;
  until: number;
}

const MINUTE_MS = 60_000;
/** Long enough for the next opening of any window. */
const DAYS_AHEAD = 9;

/** The openings from the day before `now`, in order, without gaps between days. */
export function listOpenings({ days, hours, timeZone }: UpdateWindow, now: number): Opening[] {
  if (days.length === WEEKDAYS.length && hours === WHOLE_DAY)
    return [{ from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }];
  const zone = openZone(timeZone);
  const [begin, end] = hours.split("-").map(minutesOf) as [number, number];
  const lengthMinutes = end > begin ? end - begin : end + 24 * 60 - begin;
  const today = Math.floor((now + zone.offsetAt(now)) / DAY_MS) * DAY_MS;
  const openings: Opening[] = [];
  for (let day = today - DAY_MS; day <= today + DAYS_AHEAD * DAY_MS; day += DAY_MS) {
    // The first of January 1970 was a Thursday.
    if (!days.includes(WEEKDAYS[(day / DAY_MS + 3) % 7]!)) continue;
    const from = zone.toInstant(day + begin * MINUTE_MS);
    const until = zone.toInstant(day + (begin + lengthMinutes) * MINUTE_MS);
    // The clock skips all of it: the window is as long as on other days, so that no week is without one.
    add(openings, { from, until: until > from ? until : from + lengthMinutes * MINUTE_MS });
  }
  return openings;
}

function add(openings: Opening[], next: Opening): void {
  const last = openings.at(-1);
  if (last && next.from <= last.until) last.until = Math.max(last.until, next.until);
  else openings.push(next);
}

export function isOpen(openings: readonly Opening[], now: number): boolean {
  return openings.some(({ from, until }) => from <= now && now < until);
}

/** When the window opens next, or undefined while it is open. */
export function opensAt(openings: readonly Opening[], now: number): number | undefined {
  return isOpen(openings, now) ? undefined : openings.find(({ from }) => from > now)?.from;
}

function minutesOf(time: string): number {
  const [hour, minute] = time.split(":").map(Number) as [number, number];
  return hour * 60 + minute;
}
