// The wall clock of a time zone. A time that a change of the clock skips is the moment of the change, and a
// time that it repeats is the first of the two.

export const DAY_MS = 86_400_000;

/** `offsetAt`: what the zone's wall clock is ahead of UTC at an instant, in milliseconds. */
export function openZone(timeZone: string) {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });

  function offsetAt(instant: number): number {
    const parts = Object.fromEntries(
      format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
    );
    const { year, month, day, hour, minute, second } = parts as Record<string, number>;
    const wall = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
    return wall - Math.floor(instant / 1000) * 1000;
  }

  /** `wall`: the wall clock's time as if it were UTC. */
  function toInstant(wall: number): number {
    const [before, after] = [offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)];
    for (const offset of [before, after]) if (offsetAt(wall - offset) === offset) return wall - offset;
    return changeBetween(wall - after, wall - before, before);
  }

  /** The first instant whose offset is not `before`. */
  function changeBetween(from: number, until: number, before: number): number {
    let [low, high] = [from, until];
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  return { offsetAt, toInstant };
}

/**
 * Returns when the last days in the zone began and ended, the oldest first. The last day contains `now`. A
 * day has 23 or 25 hours when its clock changes.
 */
export function lastDays(timeZone: string, now: number, days: number): { from: number; until: number }[] {
  const zone = openZone(timeZone);
  const today = Math.floor((now + zone.offsetAt(now)) / DAY_MS) * DAY_MS;
  const starts = Array.from({ length: days + 1 }, (_, nth) =>
    zone.toInstant(today + (nth + 1 - days) * DAY_MS),
  );
  return starts.slice(0, days).map((from, nth) => ({ from, until: starts[nth + 1]! }));
}
