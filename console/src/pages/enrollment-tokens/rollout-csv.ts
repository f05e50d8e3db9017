// The rollout as CSV (RFC 4180).
import type { Rollout } from "@attacklens/protocol/rollout.ts";

export function rolloutCsv(hosts: Rollout["hosts"]): string {
  const rows = hosts.map(({ hostname, state, reason }) => [hostname, state, reason ?? ""]);
  return [["hostname", "state", "reason"], ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** An apostrophe before a formula makes it text in a spreadsheet. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
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
