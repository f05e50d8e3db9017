// The expiry of a token in its form: wall-clock text in the time zone of the browser.

/** Formats an instant as `2026-12-01 18:00:00`. */
export function toWallClock(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:00`;
}

/** Returns undefined when the text is not a date and time. */
export function fromWallClock(text: string | null): Date | undefined {
  const parts = text
    ?.match(/^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)/)
    ?.slice(1)
    .map(Number);
  if (!parts) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = parts;
  return new Date(year, month - 1, day, hour, minute);
}

/** Returns the error of an expiry; undefined: it is valid. */
export function expiryError(text: string | null, now: Date): string | undefined {
  const at = fromWallClock(text);
  if (!at) return "Choose a date and time";
  return at <= now ? "Must be in the future" : undefined;
}

export const EXPIRY_PRESETS = [
  { label: "1 day", days: 1 },
  { label: "7 days", days: 7 },
  { label: "30 days", days: 30 },
] as const;

/** The same time of day, some days later. */
export function daysFrom(now: Date, days: number): Date {
  const at = new Date(now);
  at.setDate(at.getDate() + days);
  return at;
}

/** True if the text is this many days after `now`, to the minute. */
export function isPreset(text: string | null, days: number, now: Date): boolean {
  const at = fromWallClock(text);
  return at !== undefined && Math.abs(at.getTime() - daysFrom(now, days).getTime()) <= 60_000;
}

/** Formats an instant as the field shows it: `1 Dec 2026, 18:00`. */
export function wallClockText(at: Date, locale?: string): string {
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return time.format(at);
}
