// Inventory as people read it: how each category of a sensor stands, and its items page by page.

import { CATEGORIES, type Category, type Item } from "@attacklens/protocol/inventory/categories.ts";
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
  const ordered = all.map((item) => ({ item, place: placeOf(item) }));
  ordered.sort((left, right) => (left.place < right.place ? -1 : left.place > right.place ? 1 : 0));
  const wanted = q?.toLowerCase();
  const matching = wanted ? ordered.filter(({ item }) => searchText(item).includes(wanted)) : ordered;
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const rest = after === undefined ? matching : matching.filter(({ place }) => place > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    nextCursor: rest.length > limit && last ? encodeCursor(last.place) : null,
    total: Math.min(matching.length, COUNT_CAP),
    totalIsCapped: matching.length > COUNT_CAP,
  };
}

/** Where an item stands in the list that people read: by name, accounts before groups, ports by number. Unique by its key. */
function placeOf(item: Item): string {
  if ("port" in item) return `${String(item.port).padStart(5, "0")} ${item.key}`;
  if ("area" in item || !("name" in item)) return item.key;
  const rank = "kind" in item && item.kind === "group" ? 1 : 0;
  return `${rank} ${item.name} ${item.key}`;
}

/** Every text and number of an item, in lower case; not the names of its members. */
function searchText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value).toLowerCase();
  return Object.values(value).map(searchText).join("\n");
}

function encodeCursor(place: string): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function decodeCursor(cursor: string): string {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof place === "string") return place;
  } catch {
    // Whatever is wrong with it, the caller can only start again.
  }
  const message = "is not the nextCursor of a page of this list";
  throw new Problem("input-invalid", `Cannot continue the list: cursor ${message}`, {
    fields: { cursor: message },
  });
}
