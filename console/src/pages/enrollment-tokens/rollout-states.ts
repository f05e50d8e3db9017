// The states of a rollout's hosts, and the filters of the page in its URL.
import {
  ROLLOUT_STATES,
  type Rollout,
  type RolloutState,
  TIMELINE_RANGES,
  type TimelineRange,
} from "@attacklens/protocol/rollout.ts";
import { ARRIVAL_LOOKS } from "../../components/arrivals.ts";
import { REFUSAL_LABELS } from "../../components/token-words.ts";
import { countOf, formatCount } from "../../ui/numbers.ts";
import type { Fill, Segment } from "../../ui/SegmentedBar.tsx";
import type { StatusColor } from "../../ui/Status.tsx";

export type RolloutHost = Rollout["hosts"][number];

export const STATE_LOOKS: Record<RolloutState, { label: string; color: StatusColor; fill: Fill }> = {
  reporting: { label: "Reporting", color: "green", fill: "solid-green" },
  arrived: { label: "Arrived", color: "yellow", fill: "striped-yellow" },
  refused: { label: "Refused", color: "red", fill: "dotted-red" },
  missing: { label: "Not seen yet", color: "gray", fill: "hollow-gray" },
};

/** The part of the bar of a rollout. */
export function segmentOf(state: RolloutState, { counts }: Rollout): Segment<RolloutState> {
  const { label, fill } = STATE_LOOKS[state];
  return { value: state, label, fill, count: counts[state] };
}

/** `20 of 41 expected hosts reporting`. */
export function progressText({ counts, expected }: Rollout): string {
  return `${formatCount(counts.reporting)} of ${countOf(expected ?? 0, "expected host")} reporting`;
}

export interface RolloutSearch {
  q?: string;
  /** States separated by commas. Absent: all. */
  state?: string;
  /** Absent: all. */
  range?: Exclude<TimelineRange, "all">;
  /** Absent: in the order in which the hosts were given. */
  sort?: RolloutSort;
  order?: "asc" | "desc";
}

const SORTS = ["hostname", "state", "reason", "firstSeenAt"] as const;
export type RolloutSort = (typeof SORTS)[number];

/** Ignores invalid parts. */
export function readRolloutSearch(search: Record<string, unknown>): RolloutSearch {
  const q = typeof search.q === "string" ? search.q.slice(0, 200) : "";
  const state = typeof search.state === "string" ? [...statesOf(search.state)].join(",") : "";
  const range = TIMELINE_RANGES.find((one) => one !== "all" && one === search.range);
  const sort = SORTS.find((one) => one === search.sort);
  const order = search.order === "desc" ? "desc" : "asc";
  return {
    ...(q && { q }),
    ...(state && { state }),
    ...(range && range !== "all" && { range }),
    ...(sort && { sort, order }),
  };
}

/** The chosen states in their order. Empty: all. */
export function statesOf(state: string | undefined): ReadonlySet<RolloutState> {
  const names = state?.split(",") ?? [];
  return new Set(ROLLOUT_STATES.filter((one) => names.includes(one)));
}

/** The states after one was added or removed. All of them are the same as none. */
export function toggledStates(state: string | undefined, toggled: RolloutState): string | undefined {
  const chosen = new Set(statesOf(state));
  if (!chosen.delete(toggled)) chosen.add(toggled);
  if (chosen.size === 0 || chosen.size === ROLLOUT_STATES.length) return undefined;
  return ROLLOUT_STATES.filter((one) => chosen.has(one)).join(",");
}

export function filteredHosts(
  hosts: readonly RolloutHost[],
  { q = "", state }: RolloutSearch,
): RolloutHost[] {
  const text = q.trim().toLowerCase();
  const states = statesOf(state);
  return hosts.filter(
    (host) => host.hostname.includes(text) && (states.size === 0 || states.has(host.state)),
  );
}

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** `web-2` before `web-10`. Hosts that were never seen are last in either order. */
export function sortedHosts(
  hosts: RolloutHost[],
  sort: RolloutSort | undefined,
  order: "asc" | "desc" = "asc",
) {
  if (sort === undefined) return hosts;
  const compare: Record<RolloutSort, (left: RolloutHost, right: RolloutHost) => number> = {
    hostname: (left, right) => byName(left.hostname, right.hostname),
    state: (left, right) => ROLLOUT_STATES.indexOf(left.state) - ROLLOUT_STATES.indexOf(right.state),
    reason: (left, right) => byName(reasonText(left), reasonText(right)),
    firstSeenAt: (left, right) => Date.parse(left.firstSeenAt ?? "") - Date.parse(right.firstSeenAt ?? ""),
  };
  const isLast = (host: RolloutHost) => sort === "firstSeenAt" && host.firstSeenAt === null;
  const direction = order === "asc" ? 1 : -1;
  const rest = hosts.filter((host) => !isLast(host));
  return [...rest.toSorted((left, right) => direction * compare[sort](left, right)), ...hosts.filter(isLast)];
}

/** Why a host does not report. Empty for a host that reports or was never seen. */
export function reasonText({ state, reason, sensorState }: RolloutHost): string {
  if (reason) return REFUSAL_LABELS[reason];
  return state === "arrived" && sensorState ? ARRIVAL_LOOKS[sensorState].label : "";
}
