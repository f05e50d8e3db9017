// Reads the inventory for users: the state of each category of a sensor, and pages of its items.

import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { INVENTORY_VIEWS, parseWhere } from "@attacklens/protocol/inventory/facets.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import type { listSensorInventory as listRoute } from "@attacklens/protocol/sensor-inventory.ts";
import type { Database } from "../db/schema.ts";
import type { SensorInventoryTable } from "../db/schema-inventory.ts";
import { toInstant } from "../ids.ts";
import { findContent, listSensorInventorySizes } from "./inventory-store.ts";
import type { SortedItems } from "./sorted-items.ts";

/** The host has no items any more, or its owner does not want them to be shown. */
const WITHOUT_ITEMS: SensorInventoryTable["status"][] = ["absent", "switched-off"];

/** Returns a row for every category, with the status `waiting` for a category without a report. */
export async function readCategories(db: Database, sensorId: string) {
  const rows = new Map((await listSensorInventorySizes(db, sensorId)).map((row) => [row.category, row]));
  return CATEGORIES.map((category) => {
    const row = rows.get(category);
    if (row === undefined) return { category, status: "waiting" as const, items: 0, changedAt: null };
    const state = {
      category,
      status: row.status,
      ...(row.reason === null ? {} : { reason: row.reason }),
      ...(row.durationMs === null ? {} : { durationMs: row.durationMs }),
    };
    if (WITHOUT_ITEMS.includes(row.status)) return { ...state, items: 0, changedAt: null };
    return {
      ...state,
      items: row.itemCount ?? 0,
      ...(row.totalItems === null ? {} : { totalItems: row.totalItems }),
      ...(row.gaps === null ? {} : { gaps: parseGaps(row.gaps) }),
      changedAt: toInstant(row.changedAt),
    };
  });
}

/** They were parsed with their schema before they were stored. */
function parseGaps(json: string): Gap[] {
  try {
    return JSON.parse(json) as Gap[];
  } catch {
    // Damaged. The items do not depend on it.
    return [];
  }
}

/**
 * Returns a page of the sensor's last report; empty without one. Throws input-invalid for a cursor of another
 * list, and not-found for content that is damaged.
 */
export async function pageOfItems(
  db: Database,
  sorted: SortedItems,
  sensorId: string,
  category: Category,
  { q, where, sort, order, cursor, limit }: RouteInput<typeof listRoute>["query"],
): Promise<RouteOutput<typeof listRoute>> {
  const chosen = parseWhere(category, where ?? "");
  if (!chosen) throw unknownField("where", "names a facet that this category does not have");
  if (sort !== undefined && !Object.hasOwn(INVENTORY_VIEWS[category].sorts, sort))
    throw unknownField("sort", "is not a field by which this category can be sorted");
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const current = await findContent(db, sensorId, category);
  const manifestId = current && !WITHOUT_ITEMS.includes(current.status) ? current.manifestId : null;
  if (manifestId === null) return { items: [], nextCursor: null, total: 0, totalIsCapped: false, facets: [] };
  const page = await sorted({ category, manifestId, q, where: chosen, sort, order, after, limit });
  if (!page)
    throw new Problem(
      "not-found",
      "The stored content of this category is damaged in the database, and cannot be shown",
    );
  const { items, lastPlace, ...count } = page;
  return {
    items: items.map((json) => JSON.parse(json) as Item),
    nextCursor: lastPlace === null ? null : encodeCursor(lastPlace),
    ...count,
  };
}

function unknownField(field: string, message: string): Problem {
  return new Problem("input-invalid", `Cannot list the items: ${field} ${message}`, {
    fields: { [field]: message },
  });
}

function encodeCursor(place: string): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function decodeCursor(cursor: string): string {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof place === "string") return place;
  } catch {
    // For every invalid cursor, the caller must start again.
  }
  const message = "is not the nextCursor of a page of this list";
  throw new Problem("input-invalid", `Cannot continue the list: cursor ${message}`, {
    fields: { cursor: message },
  });
}
