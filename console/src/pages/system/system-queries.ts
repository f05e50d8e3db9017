// The queries of the page System, and its loader.
import { getSystemStatus, listLicenses } from "@attacklens/protocol/system-status.ts";
import { CACHED, type RouterContext } from "../../loading.ts";
import { apiQuery } from "../../queries.ts";

export const systemQuery = apiQuery(getSystemStatus, {});
export const licensesQuery = { ...apiQuery(listLicenses, {}), staleTime: Number.POSITIVE_INFINITY };

export async function loadSystem({ context }: { context: RouterContext }): Promise<void> {
  await context.queryClient.query({ ...systemQuery, ...CACHED });
}
