// The rollout as CSV (RFC 4180).
import { type RolloutHost, reasonText } from "./rollout-states.ts";

const HEADING = ["hostname", "state", "reason", "first_seen", "sensor_id"];

export function rolloutCsv(hosts: readonly RolloutHost[]): string {
  const rows = hosts.map((host) => [
    host.hostname,
    host.state,
    reasonText(host),
    host.firstSeenAt ?? "",
    host.sensorId ?? "",
  ]);
  return [HEADING, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/**
 * The characters with which a spreadsheet begins a formula, also in their wide forms, and after white space
 * that it removes (OWASP, CSV injection).
 */
const FORMULA = /^\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** An apostrophe before a formula makes it text in a spreadsheet. */
function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Returns the unique hostnames of a pasted text, in lower case. Lines, commas, semicolons, spaces and quotes
 * separate them.
 */
export function parseHostnames(text: string): string[] {
  const names = text.split(/[\s,;"']+/).map((name) => name.trim().toLowerCase());
  return [...new Set(names.filter((name) => name !== "" && name !== "hostname"))];
}
