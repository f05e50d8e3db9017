// Formats times. The locale and the time zone are those of the browser, unless they are arguments.

const UNITS = [
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3_600 },
  { name: "min", seconds: 60 },
  { name: "s", seconds: 1 },
] as const;

/** `3 min ago`, `in 2 d`. Beyond 60 days, it returns the date. */
export function relativeTime(instant: string, nowMs: number, locale?: string): string {
  const seconds = Math.round((Date.parse(instant) - nowMs) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 3) return "just now";
  if (distance > 60 * 86_400) return new Date(instant).toLocaleDateString(locale, { dateStyle: "medium" });
  const unit = UNITS.find((one) => distance >= one.seconds * (seconds < 0 ? 1 : 0.99)) ?? UNITS[3];
  // Future times are rounded: a token that was just created for seven days expires in 7 d, not in 6 d.
  if (seconds > 0) return `in ${Math.round(distance / unit.seconds)} ${unit.name}`;
  return `${Math.floor(distance / unit.seconds)} ${unit.name} ago`;
}

/** `9 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`: the two largest units. A negative time is `0 s`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const index = UNITS.findIndex((unit) => seconds >= unit.seconds);
  const unit = UNITS[index];
  if (!unit) return "0 s";
  const smaller = UNITS[index + 1];
  const rest = smaller ? Math.floor((seconds % unit.seconds) / smaller.seconds) : 0;
  const whole = `${Math.floor(seconds / unit.seconds)} ${unit.name}`;
  return smaller && rest > 0 ? `${whole} ${rest} ${smaller.name}` : whole;
}

/** `24 Nov 2026, 10:30:05 CET`, or `Nov 24, 2026, 10:30:05 AM GMT+1`. */
export function exactTime(instant: string, timeZone?: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, {
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

/** `10:30`, or `10:30 AM`. */
export function clockTime(at: Date, timeZone?: string, locale?: string): string {
  return at.toLocaleTimeString(locale, { timeStyle: "short", ...(timeZone ? { timeZone } : {}) });
}

/** Replaces the instants in a text of the server: `paused at 24 Nov 2026, 10:30:05 CET`. */
export function withLocalTimes(text: string, timeZone?: string, locale?: string): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z/g, (instant) =>
    Number.isNaN(Date.parse(instant)) ? instant : exactTime(instant, timeZone, locale),
  );
}

/** The time zone of the browser with its offset at that time: `Europe/Berlin (GMT+1)`. */
export function zoneName(at: Date): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = new Intl.DateTimeFormat(undefined, { timeZoneName: "shortOffset" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  return offset && offset !== zone ? `${zone} (${offset})` : zone;
}

/** True if the locale of the browser writes 6 pm, not 18:00. */
export function hasTwelveHours(locale?: string): boolean {
  return new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 === true;
}
