// The queries of the sensor pages, and their loaders.
import { countSensors } from "@attacklens/protocol/sensor-counts.ts";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { getHostUpdate } from "@attacklens/protocol/update-rings.ts";
import { redirect } from "@tanstack/react-router";
import { fromLine, type LineSearch, lineSearch } from "../../components/line-search.ts";
import { CACHED, listOf, orNotFound, type RouterContext } from "../../loading.ts";
import { paths } from "../../paths.ts";
import { apiQuery } from "../../queries.ts";
import type { InventoryLoad } from "./inventory-queries.ts";

/** The limit of the API. */
const MAX_SEARCH = 200;

interface SensorLoad {
  context: RouterContext;
  params: { sensorId: string };
}

export const sensorList = listOf(listSensors);

/** Its filters are one line in the address. */
export const sensorsRoute = {
  ...sensorList.route,
  validateSearch: lineSearch(sensorList.route.validateSearch),
  loaderDeps: ({ search }: { search: LineSearch }) => fromLine(search),
};

export const sensorQuery = (id: string) => apiQuery(getSensor, { params: { id } });

export const sensorCountsQuery = apiQuery(countSensors, {});

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

/** The search of the page of an inventory category. */
export interface InventorySearch {
  q?: string;
  where?: string;
  sort?: string;
  order?: string;
}

/** The page drops what its category does not have. */
export function readInventorySearch(search: Record<string, unknown>): InventorySearch {
  const names = ["q", "where", "sort", "order"] as const;
  const given = names.filter((name) => typeof search[name] === "string" && search[name] !== "");
  return Object.fromEntries(given.map((name) => [name, String(search[name]).slice(0, MAX_SEARCH)]));
}

/** The schemas of the inventory are large, so they are loaded with the first page that shows one. */
export async function loadInventory(load: InventoryLoad): Promise<void> {
  await (await import("./inventory-queries.ts")).loadInventory(load);
}
