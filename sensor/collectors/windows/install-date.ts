// The value InstallDate of a program. Windows Installer writes 20240131. Other setup programs write what they
// like, often in the order of the language that the system had. A date that could be two is not reported.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MAX_LENGTH = 64;

/** `20240131`, `2024-01-31`, `31.01.2024`, `1/31/2024`, `Wed Jan 31 10:00:00 CET 2024` → `2024-01-31`. */
export function parseInstallDate(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH) return undefined;
  if (/^\d{8}$/.test(trimmed))
    return isoDate(trimmed.slice(0, 4), trimmed.slice(4, 6), trimmed.slice(6, 8)) ?? fromDayFirst(trimmed);
  // Seconds since 1970, from 2001 to 2096.
  if (/^\d{9,10}$/.test(trimmed)) return dateOfSeconds(Number(trimmed));
  const yearFirst = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:\D|$)/.exec(trimmed);
  if (yearFirst) return isoDate(yearFirst[1]!, yearFirst[2]!, yearFirst[3]!);
  const yearLast = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:\D|$)/.exec(trimmed);
  if (yearLast) return fromYearLast(yearLast[1]!, yearLast[3]!, yearLast[4]!, yearLast[2]!);
  return fromWords(trimmed);
}

/** Dots separate day, month and year, in every language. Slashes and dashes: a number above 12 decides. */
function fromYearLast(first: string, second: string, year: string, separator: string): string | undefined {
  if (separator === "." || first === second || Number(first) > 12) return isoDate(year, second, first);
  return Number(second) > 12 ? isoDate(year, first, second) : undefined;
}

/** `31012024`: not a year and a month. */
function fromDayFirst(digits: string): string | undefined {
  return fromYearLast(digits.slice(0, 2), digits.slice(2, 4), digits.slice(4), "/");
}

/** The names of months are English, whatever the system's language: `Wed Jan 31 2024`, `31-Jan-2024`. */
function fromWords(text: string): string | undefined {
  const words = text.toLowerCase().split(/[\s,/-]+/);
  const month = words.findIndex((word) => /^[a-z]+\.?$/.test(word) && MONTHS.includes(word.slice(0, 3)));
  const year = words.find((word) => /^(?:19|20)\d\d$/.test(word));
  const day = [words[month + 1], words[month - 1]].find((word) => /^\d{1,2}$/.test(word ?? ""));
  if (month < 0 || year === undefined || day === undefined) return undefined;
  return isoDate(year, String(MONTHS.indexOf(words[month]!.slice(0, 3)) + 1), day);
}

function dateOfSeconds(seconds: number): string | undefined {
  return seconds < 978_307_200 || seconds > 4_000_000_000
    ? undefined
    : new Date(seconds * 1_000).toISOString().slice(0, 10);
}

/** Undefined if there is no such day, or if it is before Windows had such a list. */
function isoDate(year: string, month: string, day: string): string | undefined {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  const isPlausible = Number(year) >= 1990 && Number(year) < 2200;
  return exists && isPlausible ? date.toISOString().slice(0, 10) : undefined;
}
