// The rollout as CSV.
import { toCsv } from "@attacklens/protocol/csv.ts";
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
  return toCsv([HEADING, ...rows]);
}

/**
 * Returns the unique hostnames of a pasted text, in lower case. Lines, commas, semicolons, spaces and quotes
 * separate them.
 */
export function parseHostnames(text: string): string[] {
  const names = text.split(/[\s,;"']+/).map((name) => name.trim().toLowerCase());
  return [...new Set(names.filter((name) => name !== "" && name !== "hostname"))];
}
