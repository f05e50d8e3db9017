// What a page of the list of sensors is made of.
import type { RowKey } from "../db/keyset.ts";
import type { Database } from "../db/schema.ts";
import type { Chosen, ClassCount, ClassFilter } from "./classes-store.ts";
import type { TextFilters } from "./filters-store.ts";
import type { Members } from "./members-store.ts";
import type { Misplacement } from "./misplaced-store.ts";
import { type KeyOf, LABEL_SORTS, type LabelSort } from "./sort-labels-store.ts";
import { WALKED_SORTS, type WalkedSort } from "./walked-sorts-store.ts";

/** Sorts that have an index within each cell. */
export const CELL_SORTS = {
  hostname: { column: "hostname_key", type: "text" },
  // Of silent sensors. The others are read in the order of the table of presence.
  lastSeenAt: { column: "silent_since", type: "number" },
  enrolledAt: { column: "enrolled_at", type: "number" },
} as const;
export const BY_HOSTNAME = CELL_SORTS.hostname;

export interface SensorPage extends TextFilters, ClassFilter {
  /** Of the one sensor that is searched. */
  id?: string | undefined;
  match?: "any" | undefined;
  /** See `atTime`. */
  notSeenFor?: undefined;
  sort: keyof typeof CELL_SORTS | LabelSort | WalkedSort;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  /** Counts all sensors, however many have the text in their names. */
  count?: "exact" | undefined;
}

export const isCellSort = (sort: SensorPage["sort"]): sort is keyof typeof CELL_SORTS =>
  Object.hasOwn(CELL_SORTS, sort);
export const isWalkedSort = (sort: SensorPage["sort"]): sort is WalkedSort =>
  WALKED_SORTS.includes(sort as never);
export const isLabelSort = (sort: SensorPage["sort"]): sort is LabelSort =>
  LABEL_SORTS.includes(sort as never);
export interface Reading {
  tx: Database;
  onlineSince: number;
  /** So many sensors are read and sorted for a page. */
  few: number;
  chosen: Chosen;
  /** Those that match filters of which an index has the cells and classes. Absent: too many. */
  members?: Members | undefined;
  /** The classes of the chosen sensors; empty: neither a filter nor the sort needs them. */
  classes: readonly ClassCount[];
  /** Absent: the list is not sorted by a value of classes. */
  keyOf: KeyOf | undefined;
  /** By status. */
  misplaced: Map<string, Promise<Misplacement | undefined>>;
}

/** The keys of a page, and of one more sensor if another page follows. */
export interface Found {
  keys: RowKey[];
  total: number;
  totalIsCapped: boolean;
}

/** The rows of a page match, so there are at least so many. */
export const atLeast = ({ keys, total, totalIsCapped }: Found): Found => ({
  keys,
  total: totalIsCapped ? Math.max(total, keys.length) : total,
  totalIsCapped,
});
