// Values of options in sudoers: dates (NOTBEFORE, NOTAFTER) and durations (TIMEOUT).

const DATE = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,](\d))?(Z|[+-]\d\d(?:\d\d)?)?$/;

/** Generalized time (X.680) to milliseconds; without a zone, it is local time. Undefined if it is invalid. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0] = match.slice(1, 5).map(Number);
  const [minuteText, secondText, fraction = "0", zone] = match.slice(5);
  const minute = minuteText === undefined ? 6 * Number(fraction) : Number(minuteText);
  const second =
    secondText !== undefined ? Number(secondText) : minuteText === undefined ? 0 : 6 * Number(fraction);
  const fields = [year, month - 1, day, hour, minute, second] as const;
  const time = zone === undefined ? new Date(...fields).getTime() : Date.UTC(...fields) - zoneOffset(zone);
  return Number.isFinite(time) ? time : undefined;
}

function zoneOffset(zone: string): number {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3) || "0");
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

const MAX_SECONDS = 2 ** 31 - 1;
const UNITS: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** `1d12h` or seconds, with units from the largest to the smallest. */
export function isDuration(text: string): boolean {
  const units = Object.keys(UNITS);
  let total = 0;
  let first = 0;
  let rest = text;
  do {
    const match = /^[ \t\n\v\f\r]*\+?(\d{1,20})([A-Za-z]?)/.exec(rest);
    if (!match) return false;
    const unit = (match[2] ?? "").toLowerCase();
    rest = rest.slice(match[0].length);
    if (unit === "" && rest !== "") return false;
    if (unit !== "") {
      first = units.indexOf(unit, first);
      if (first < 0) return false;
    }
    total += Number(match[1]) * (UNITS[unit] ?? 1);
    if (total > MAX_SECONDS) return false;
  } while (rest !== "");
  return true;
}
