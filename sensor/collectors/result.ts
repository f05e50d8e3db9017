// The result of collecting one category.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import type { SeenFiles } from "./seen-files.ts";

/** Items sorted by key. */
interface CollectedItems<C extends Category> {
  status: "collected";
  items: Item<C>[];
  /** The number of items on the host, if `items` has only the first of them. */
  totalItems?: number;
  /** What the items lack; absent: nothing. */
  gaps?: Gap[];
  durationMs?: number;
  /** While they are unchanged, so are the items; absent: they may change at any time. Not reported. */
  seen?: SeenFiles | undefined;
}

/**
 * `not-permitted`: the user of this process must not read it. `absent`: the host has none of it.
 * `unsupported`: the sensor does not collect it on this platform. `switched-off`: by the owner of the host.
 */
export type Uncollected =
  | { status: "failed" | "too-slow" | "not-permitted" | "absent"; reason: string; durationMs?: number }
  | { status: "unsupported" | "switched-off" };

export type CategoryResult<C extends Category> = CollectedItems<C> | Uncollected;

export type Collected = { [C in Category]: CategoryResult<C> };
