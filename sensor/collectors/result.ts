// The result of collecting one category.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import type { PlainStatus, ReasonedStatus } from "@attacklens/protocol/inventory/results.ts";
import type { SeenFiles } from "./seen-files.ts";

/** The result of a collected category, without its items. */
export interface CollectedCount {
  status: "collected";
  /** The number of items on the host, if there are only the first of them. */
  totalItems?: number;
  /** What the items lack; absent: nothing. */
  gaps?: Gap[];
  durationMs?: number;
  /** While they are unchanged, so is the result; absent: it may change at any time. Not reported. */
  seen?: SeenFiles | undefined;
}

/** Items sorted by key. */
export interface CollectedItems<T> extends CollectedCount {
  items: T[];
}

export type Uncollected =
  | { status: ReasonedStatus; reason: string; durationMs?: number; seen?: SeenFiles | undefined }
  | { status: PlainStatus };

export type CategoryResult<C extends Category> = CollectedItems<Item<C>> | Uncollected;

export type Collected = { [C in Category]: CategoryResult<C> };
