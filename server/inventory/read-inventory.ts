// Reads the inventory for users: the state of each category of a sensor, and pages of its items.

import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import type { listSensorInventory as listRoute } from "@attacklens/protocol/sensors.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { parseHashes } from "./inventory.ts";
import { findManifest, listSensorInventory, listSensorInventorySizes } from "./inventory-store.ts";
import type { SortedItems } from "./sorted-items.ts";

/** Returns a row for every category, with the status `waiting` for a category without a report. */
export async function readCategories(db: Database, sensorId: string) {
  const rows = new Map((await listSensorInventorySizes(db, sensorId)).map((row) => [row.category, row]));
  return CATEGORIES.map((category) => {
    const row = rows.get(category);
    return {
      category,
      status: row?.status ?? ("waiting" as const),
      ...(row?.reason ? { reason: row.reason } : {}),
      items: row?.itemCount ?? 0,
      changedAt: toInstant(row?.changedAt ?? null),
    };
  });
}

/**
 * Returns a page of the sensor's last report; empty without one. Throws input-invalid for a cursor of another
 * list.
 */
export async function pageOfItems(
  db: Database,
  sorted: SortedItems,
  sensorId: string,
  category: Category,
  { q, cursor, limit }: RouteInput<typeof listRoute>["query"],
): Promise<RouteOutput<typeof listRoute>> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const current = (await listSensorInventory(db, sensorId)).find((row) => row.category === category);
  const root = current?.root;
  const manifest = root ? await findManifest(db, category, root) : undefined;
  if (!root || !manifest) return { items: [], nextCursor: null, total: 0, totalIsCapped: false };
  const chunks = parseHashes(manifest.chunks);
  const { items, lastPlace, ...count } = await sorted({ category, root, chunks, q, after, limit });
  return {
    items: items.map((json) => JSON.parse(json) as Item),
    nextCursor: lastPlace === null ? null : encodeCursor(lastPlace),
    ...count,
  };
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
