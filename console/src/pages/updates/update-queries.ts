// The queries of the pages about updates, and their loaders.
import { getUpdates, listUpdateEvents, listUpdateHosts } from "@attacklens/protocol/update-rings.ts";
import { notFound } from "@tanstack/react-router";
import { CACHED, listOf, type RouterContext } from "../../loading.ts";
import { apiListQuery, apiQuery } from "../../queries.ts";

export const updatesQuery = apiQuery(getUpdates, {});
export const ringEventsQuery = apiListQuery(listUpdateEvents, { query: { limit: 10 } });
export const hostList = listOf(listUpdateHosts);

export async function loadUpdates({ context: { queryClient } }: { context: RouterContext }): Promise<void> {
  await Promise.all([
    queryClient.query({ ...updatesQuery, ...CACHED }),
    queryClient.infiniteQuery({ ...ringEventsQuery, ...CACHED }),
  ]);
}

interface RingLoad {
  context: RouterContext;
  params: { ringId: string };
}

/** Its page has loaded the rings. */
export async function loadRing({ context: { queryClient }, params }: RingLoad): Promise<void> {
  const { rings } = await queryClient.query({ ...updatesQuery, ...CACHED });
  if (!rings.some(({ id }) => id === params.ringId)) throw notFound();
}
