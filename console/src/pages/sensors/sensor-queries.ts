// The queries of the sensor pages, and their loaders.
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { getHostUpdate } from "@attacklens/protocol/update-rings.ts";
import { redirect } from "@tanstack/react-router";
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

/** The search of a page of an inventory category. The server checks it. */
export function readInventorySearch(search: Record<string, unknown>): { q?: string } {
  return typeof search.q === "string" ? { q: search.q.slice(0, MAX_SEARCH) } : {};
}

/** The schemas of the inventory are large, so they are loaded with the first page that shows one. */
export async function loadInventory(load: InventoryLoad): Promise<void> {
  await (await import("./inventory-queries.ts")).loadInventory(load);
}
