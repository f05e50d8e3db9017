// Reports of system_profiler in JSON: a list for each type of data. Keys are not translated, and neither are
// numbers of bytes; sizes with a unit are read in the form of the locale C.

export const SYSTEM_PROFILER = "/usr/sbin/system_profiler";
export type ProfilerItem = Readonly<Record<string, unknown>>;

/** The items of a type, and those in them, first level first. Empty if the text is not a report. */
export function parseProfilerReport(text: string, type: string): ProfilerItem[] {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return [];
  }
  const items = [...listOf(isItem(report) ? report[type] : undefined)];
  // A list visits what is added meanwhile.
  for (const item of items) items.push(...listOf(item._items));
  return items;
}

function listOf(value: unknown): ProfilerItem[] {
  return Array.isArray(value) ? value.filter(isItem) : [];
}

function isItem(value: unknown): value is ProfilerItem {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function profilerText(item: ProfilerItem, key: string): string | undefined {
  const value = item[key];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

const UNITS: Record<string, number> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** Memory: `8 GB` means 8 × 1,024³ bytes. */
export function memoryBytes(text: string | undefined): number | undefined {
  const [, number, unit] = /^(\d{1,6}) ([KMGT]B)$/.exec(text ?? "") ?? [];
  return number === undefined || unit === undefined ? undefined : Number(number) * UNITS[unit]!;
}
