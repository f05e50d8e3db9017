// Times between the URL, which has instants, and an input, which has the reader's local time. Pure.

/** `2026-11-24T10:30` in the reader's zone, for an input of the type datetime-local. */
export function toInput(instant: string | undefined): string {
  if (instant === undefined || Number.isNaN(Date.parse(instant))) return "";
  const at = new Date(instant);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Undefined for an incomplete input. */
export function toInstantText(input: string): string | undefined {
  const at = new Date(input);
  return input === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** `24 Nov, 10:30`. */
export function shortTime(instant: string): string {
  return new Date(instant).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}
