// The queries of the sensor pages, and their loaders.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS } from "@attacklens/protocol/inventory/category-items.ts";
import { getSensor, listSensorInventory, listSensors } from "@attacklens/protocol/sensors.ts";
import { getHostUpdate } from "@attacklens/protocol/update-rings.ts";
import { notFound, redirect } from "@tanstack/react-router";
import { listSearch } from "../../components/list-search.ts";
import { CACHED, listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { paths } from "../../paths.ts";
import { apiListQuery, apiQuery } from "../../queries.ts";

interface SensorLoad {
  context: RouterContext;
  params: { sensorId: string };
}

export const sensorList = listOf(listSensors);

export const sensorQuery = (id: string) => apiQuery(getSensor, { params: { id } });

export const hostUpdateQuery = (id: string) => apiQuery(getHostUpdate, { params: { id } });

export async function loadSensor({ context, params }: SensorLoad): Promise<void> {
  const { queryClient } = context;
  await orNotFound(
    Promise.all([
      queryClient.query({ ...sensorQuery(params.sensorId), ...CACHED }),
      queryClient.query({ ...hostUpdateQuery(params.sensorId), ...CACHED }),
    ]),
  );
}

/** A sensor's address without a tab opens the first tab. */
export function redirectToOverview({ params }: Pick<SensorLoad, "params">): never {
  throw redirect({ ...paths.sensor(params.sensorId), replace: true });
}

export const readInventorySearch = listSearch(listSensorInventory);

export function inventoryQuery(sensorId: string, category: Category, q: string | undefined) {
  const params = { id: sensorId, category };
  return apiListQuery(listSensorInventory, { params, ...(q ? { query: { q } } : {}) });
}

interface InventoryLoad {
  context: RouterContext;
  params: { sensorId: string; category: string };
  deps: { q?: string | undefined };
}

export async function loadInventory({ context, params, deps }: InventoryLoad): Promise<void> {
  const { sensorId, category } = params;
  if (!isCategory(category)) throw notFound();
  const query = inventoryQuery(sensorId, category, deps.q);
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
  return Object.hasOwn(CATEGORY_ITEMS, text);
}
