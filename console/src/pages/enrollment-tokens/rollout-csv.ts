// The rollout as a spreadsheet opens it (RFC 4180).
import type { Rollout } from "@attacklens/protocol/rollout.ts";

export function rolloutCsv(hosts: Rollout["hosts"]): string {
  const rows = hosts.map(({ hostname, state, reason }) => [hostname, state, reason ?? ""]);
  return [["hostname", "state", "reason"], ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** What a spreadsheet would take for a formula gets an apostrophe before it, which makes it text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hostnames as people paste them: one a line, or between commas, semicolons, spaces or quotes; without regard to case. */
export function parseHostnames(text: string): string[] {
  const names = text.split(/[\s,;"']+/).map((name) => name.trim().toLowerCase());
  return [...new Set(names.filter((name) => name !== "" && name !== "hostname"))];
}
