// Inventory as people read it: how each category of a sensor stands, and its items page by page.

import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import type { listSensorInventory as listRoute } from "@attacklens/protocol/sensors.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { parseHashes, readItems } from "./inventory.ts";
import { findManifest, listSensorInventory, listSensorInventorySizes } from "./inventory-store.ts";

/** A row for every category, `waiting` for those that were never reported. */
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

/** A page of what the sensor last reported; empty when it never did. Throws input-invalid for a cursor of another list. */
export async function pageOfItems(
  db: Database,
  sensorId: string,
  category: Category,
  { q, cursor, limit }: RouteInput<typeof listRoute>["query"],
): Promise<RouteOutput<typeof listRoute>> {
  const current = (await listSensorInventory(db, sensorId)).find((row) => row.category === category);
  const manifest = current?.root ? await findManifest(db, category, current.root) : undefined;
  const all = manifest ? await readItems(db, category, parseHashes(manifest.chunks)) : [];
  const wanted = q?.toLowerCase();
  const matching = wanted ? all.filter((item) => searchText(item).includes(wanted)) : all;
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const rest = after === undefined ? matching : matching.filter((item) => item.key > after);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    nextCursor:
      rest.length > limit && last ? Buffer.from(JSON.stringify(last.key)).toString("base64url") : null,
    total: Math.min(matching.length, COUNT_CAP),
    totalIsCapped: matching.length > COUNT_CAP,
  };
}

/** Every text and number of an item, in lower case; not the names of its members. */
function searchText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value).toLowerCase();
  return Object.values(value).map(searchText).join("\n");
}

function decodeCursor(cursor: string): string {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof key === "string") return key;
  } catch {
    // Whatever is wrong with it, the caller can only start again.
  }
  const message = "is not the nextCursor of a page of this list";
  throw new Problem("input-invalid", `Cannot continue the list: cursor ${message}`, {
    fields: { cursor: message },
  });
}
