// Times and numbers as users write them on the command line.
import { CommandError } from "./command-error.ts";

const UNITS_MS = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

/** Returns a time, or null for never. The server checks whether the time is valid. */
export function parseWhen(text: string, source: string): string | null {
  if (text === "never") return null;
  if (text === "now") return new Date().toISOString();
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  if (count && unit)
    return new Date(Date.now() + Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]).toISOString();
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new CommandError("usage", `${source} must be a time such as 7d or 2026-12-01T18:00:00Z, or never`);
}

export function parseCount(text: string, source: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CommandError("usage", `${source} must be a whole number`);
  return Number(text);
}
