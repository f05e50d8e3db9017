// Times and numbers as people write them on the command line.
import { CommandError } from "./command-error.ts";

const UNITS_MS = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

/** An instant, or null for never. The server judges whether it may be one. */
export function parseWhen(said: string, source: string): string | null {
  if (said === "never") return null;
  if (said === "now") return new Date().toISOString();
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(said) ?? [];
  if (count && unit)
    return new Date(Date.now() + Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]).toISOString();
  if (/^\d{4}-\d\d-\d\dT/.test(said) && !Number.isNaN(Date.parse(said))) return said;
  throw new CommandError("usage", `${source}: must be such as 7d, 2026-12-01T18:00:00Z or never`);
}

export function parseCount(said: string | undefined, source: string): number | null {
  if (said === undefined) return null;
  if (!/^\d{1,9}$/.test(said)) throw new CommandError("usage", `${source}: must be a whole number`);
  return Number(said);
}
