// The queries of the inventory pages, and their loader.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { formatWhere, INVENTORY_VIEWS, parseWhere } from "@attacklens/protocol/inventory/facets.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { notFound } from "@tanstack/react-router";
import { CACHED, orNotFound, type RouterContext } from "../../loading.ts";
import { apiListQuery } from "../../queries.ts";
import type { InventorySearch } from "./sensor-queries.ts";

export function inventoryQuery(sensorId: string, category: Category, search: InventorySearch) {
  const params = { id: sensorId, category };
  return apiListQuery(listSensorInventory, { params, query: validSearch(category, search) });
}

/** Without facets, fields and orders that the category does not have. */
export function validSearch(category: Category, { q, where, sort, order }: InventorySearch) {
  const isSort = sort !== undefined && Object.hasOwn(INVENTORY_VIEWS[category].sorts, sort);
  const chosen = where === undefined ? undefined : parseWhere(category, where);
  return {
    ...(q ? { q } : {}),
    ...(chosen && chosen.size > 0 ? { where: formatWhere(chosen) } : {}),
    ...(isSort ? { sort, order: order === "desc" ? ("desc" as const) : ("asc" as const) } : {}),
  };
}

export interface InventoryLoad {
  context: RouterContext;
  params: { sensorId: string; category: string };
  deps: InventorySearch;
}

export async function loadInventory({ context, params, deps }: InventoryLoad): Promise<void> {
  const { sensorId, category } = params;
  if (!isCategory(category)) throw notFound();
  const query = inventoryQuery(sensorId, category, deps);
  const [noun, list, pages] = query.queryKey;
  const isShown = context.queryClient
    .getQueryCache()
    .findAll({ queryKey: [noun, list, pages], type: "active" })
    .some(({ queryKey }) => hasParams(queryKey.at(-1), params));
  const loading = orNotFound(context.queryClient.infiniteQuery({ ...query, ...CACHED }));
  // A new search of the open category does not replace its rows until the new ones are loaded.
  if (isShown) loading.catch(() => undefined);
  else await loading;
}

function hasParams(request: unknown, { sensorId, category }: InventoryLoad["params"]): boolean {
  const { params } = request as { params: { id: string; category: string } };
  return params.id === sensorId && params.category === category;
}

function isCategory(text: string): text is Category {
  return CATEGORIES.some((category) => category === text);
}
