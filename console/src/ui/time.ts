// Times as people read them. Pure: the clock, the locale and the zone are arguments.

const UNITS = [
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3_600 },
  { name: "min", seconds: 60 },
  { name: "s", seconds: 1 },
] as const;

/** `3 min ago`, `in 2 d`; beyond 60 days the date. */
export function relativeTime(instant: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(instant) - nowMs) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 3) return "just now";
  if (distance > 60 * 86_400) return new Date(instant).toLocaleDateString("en-GB", { dateStyle: "medium" });
  const unit = UNITS.find((one) => distance >= one.seconds * (seconds < 0 ? 1 : 0.99)) ?? UNITS[3];
  // Ahead it is rounded: a token made a moment ago for seven days ends in 7 d, not in 6.
  if (seconds > 0) return `in ${Math.round(distance / unit.seconds)} ${unit.name}`;
  return `${Math.floor(distance / unit.seconds)} ${unit.name} ago`;
}

/** `24 Nov 2026, 10:30:05 GMT+1`: exact, with the zone. */
export function exactTime(instant: string, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    ...(timeZone ? { timeZone } : {}),
  }).format(new Date(instant));
}

/** The zone of the person's own clock, with its offset at that time: `Europe/Berlin (GMT+1)`. */
export function zoneName(at: Date): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = new Intl.DateTimeFormat("en-GB", { timeZoneName: "shortOffset" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  return offset && offset !== zone ? `${zone} (${offset})` : zone;
}
