// The arrivals of a token as rows and texts. Pure: the clock is an argument.
import type { Arrival, ArrivalState, Arrivals } from "@attacklens/protocol/arrivals.ts";
import { countOf, formatCount } from "../ui/numbers.ts";
import type { StatusColor } from "../ui/Status.tsx";
import { formatElapsed } from "../ui/time.ts";

export const ARRIVAL_LOOKS: Record<ArrivalState, { label: string; color: StatusColor }> = {
  reporting: { label: "Reporting", color: "green" },
  pending: { label: "Waiting for first inventory", color: "yellow" },
  "awaiting-approval": { label: "Awaiting approval", color: "yellow" },
  blocked: { label: "Blocked", color: "red" },
  uninstalled: { label: "Uninstalled", color: "gray" },
  replaced: { label: "Replaced", color: "gray" },
  removed: { label: "Removed", color: "gray" },
  deleted: { label: "Deleted", color: "gray" },
};

/** The server's clock in its last reply, and when the reply arrived by the browser's clock. */
export interface ServerClock {
  at: string;
  receivedAt: number;
}

/**
 * The server's clock at `now`. Only differences of the browser's clock count, so that a browser with a wrong
 * clock shows the same.
 */
export function serverTime({ at, receivedAt }: ServerClock, now: number): number {
  return Date.parse(at) + Math.max(0, now - receivedAt);
}

/** A row of the list. */
export type ArrivedHost =
  | ({ kind: "enrolled"; key: string; at: string } & Arrival)
  | { kind: "re-enrolled"; key: string; at: string; sensor: Arrival["sensor"] };

/** Enrolled and re-enrolled hosts, newest first. */
export function arrivedHosts({ items, reEnrolled }: Arrivals, most: number): ArrivedHost[] {
  const enrolled = items.map(
    (item): ArrivedHost => ({ ...item, kind: "enrolled", key: item.sensor.id, at: item.enrolledAt }),
  );
  const again = reEnrolled.map(
    (item): ArrivedHost => ({ ...item, kind: "re-enrolled", key: `${item.sensor.id} ${item.at}` }),
  );
  // Stable, so that rows of one instant keep the order of the server.
  return [...enrolled, ...again]
    .toSorted((left, right) => Date.parse(right.at) - Date.parse(left.at))
    .slice(0, most);
}

/** `enrolled 13 s ago · first inventory after 9 s`. */
export function arrivalText(host: ArrivedHost, serverNow: number): string {
  const ago = agoText(host.at, serverNow);
  if (host.kind === "re-enrolled") return `re-enrolled ${ago} with a ticket · enrolled before`;
  if (host.reportedAt === null) return `enrolled ${ago}`;
  const afterMs = Date.parse(host.reportedAt) - Date.parse(host.enrolledAt);
  return `enrolled ${ago} · first inventory after ${formatElapsed(afterMs)}`;
}

/** `4 s ago`. An instant in the future, by another server's clock, is now. */
export function agoText(at: string, serverNow: number): string {
  return `${formatElapsed(serverNow - Date.parse(at))} ago`;
}

/** `188 enrolled: 180 reporting, 8 waiting for first inventory. 12 hosts refused.` */
export function arrivalsSummary({
  counts: { enrolled, byState, refused },
  reEnrolled,
}: Pick<Arrivals, "counts" | "reEnrolled">): string {
  const states = Object.entries(ARRIVAL_LOOKS)
    .map(([state, { label }]) => ({ count: byState[state as ArrivalState], label: label.toLowerCase() }))
    .filter(({ count }) => count > 0)
    .map(({ count, label }) => `${formatCount(count)} ${label}`);
  const parts = [
    enrolled > 0 && `${formatCount(enrolled)} enrolled: ${states.join(", ")}.`,
    reEnrolled.length > 0 && `${countOf(reEnrolled.length, "host")} re-enrolled.`,
    refused > 0 && `${countOf(refused, "host")} refused.`,
  ];
  return parts.filter((part) => part !== false).join(" ");
}
