// Routes of the API as queries. A key begins with the noun, so that a change refreshes everything that shows
// the noun.
import { getMe, getSetup } from "@attacklens/protocol/account.ts";
import type { ApiRequest } from "@attacklens/protocol/client.ts";
import { getConnection } from "@attacklens/protocol/connection.ts";
import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Route, RouteOutput, RouteRequest } from "@attacklens/protocol/route.ts";
import {
  infiniteQueryOptions,
  type Query,
  type QueryClient,
  type QueryFilters,
  queryOptions,
} from "@tanstack/react-query";
import { callApi } from "./api.ts";
import { keptPage, noteChange } from "./list-pages.ts";

const REFRESH_MS = { streaming: 15_000, polling: 5_000 };
let isStreamOpen = false;

/** `live.ts` calls it whenever the stream of changes opens or closes. */
export function setStreamOpen(isOpen: boolean): void {
  isStreamOpen = isOpen;
}

/** How often a page refreshes: rarely while the server streams its changes. */
export function refreshMs(): number {
  return isStreamOpen ? REFRESH_MS.streaming : REFRESH_MS.polling;
}

export function apiQuery<R extends Route>(route: R, request: ApiRequest<R>) {
  return queryOptions({
    queryKey: [...route.name.split("."), request],
    queryFn: ({ signal }) => callApi(route, request, { signal }),
  });
}

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
  total: number;
  totalIsCapped: boolean;
  /** Of the items of an inventory category. */
  facets?: { name: string; values: { name: string; count: number }[] }[];
  /** By the clock of the browser. */
  fetchedAt: number;
}
export type ItemOf<R extends Route> = RouteOutput<R> extends { items: (infer Item)[] } ? Item : never;

const ROWS_PER_PAGE = 100;
/** A count that reads all matches is repeated after this time at the earliest. */
const COUNT_REST_MS = 10_000;

/** Counts all rows of a list, where a page counts only the first ones. */
export interface ExactCount {
  queryKey: readonly unknown[];
  queryFn: (context: { signal: AbortSignal }) => Promise<number>;
  meta: Record<string, unknown>;
}

/** A list, one keyset page at a time. `list-pages.ts` decides which of them a refresh fetches. */
export function apiListQuery<R extends Route>(route: R, request: ApiRequest<R>) {
  const { query } = request as { query?: RouteRequest<R>["query"] };
  const options = infiniteQueryOptions({
    queryKey: [...route.name.split("."), "pages", request] as readonly unknown[],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ client, queryKey, pageParam, signal }) => {
      const kept = keptPage<Page<ItemOf<R>>>(client, queryKey, pageParam);
      if (kept) return kept;
      const page = { ...request, query: { limit: ROWS_PER_PAGE, ...query, cursor: pageParam } };
      const reply: unknown = await callApi(route, page as ApiRequest<R>, { signal });
      return { ...(reply as Omit<Page<ItemOf<R>>, "fetchedAt">), fetchedAt: Date.now() };
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: refreshMs,
  });
  const counted = { ...request, query: { ...query, limit: 1, count: "exact" } } as unknown as ApiRequest<R>;
  const exactCount: ExactCount = {
    queryKey: [...route.name.split("."), "count", request],
    queryFn: async ({ signal }) => {
      const reply: unknown = await callApi(route, counted, { signal });
      return (reply as Page<unknown>).total;
    },
    meta: { restMs: () => COUNT_REST_MS },
  };
  return { ...options, exactCount };
}

export const meQuery = apiQuery(getMe, {});
export const setupQuery = apiQuery(getSetup, {});
export const connectionQuery = apiQuery(getConnection, {});
export const tokenQuery = (id: string) => apiQuery(getEnrollmentToken, { params: { id } });

/** Marks all queries of the nouns as stale. Those on the screen are fetched again immediately. */
export function refresh(queryClient: QueryClient, ...nouns: string[]): Promise<unknown> {
  for (const noun of nouns) noteChange(noun);
  return Promise.all(nouns.map((noun) => markStale(queryClient, { queryKey: [noun] })));
}

/**
 * Like `refresh`, after a change by a sensor or another user. A query with `meta.restMs` is fetched again
 * when that much time has passed since its last reply, not sooner.
 */
export function refreshLive(queryClient: QueryClient, ...nouns: string[]): void {
  const isResting = (query: Query) => restLeftMs(query) > 0;
  for (const noun of nouns) {
    const filters = { queryKey: [noun] };
    void markStale(queryClient, { ...filters, predicate: (query) => !isResting(query) });
    for (const query of queryClient.getQueryCache().findAll({ ...filters, predicate: isResting }))
      markStaleLater(queryClient, query);
  }
}

/** The queries that a timer will mark as stale. */
const resting = new WeakSet<Query>();

function restLeftMs({ meta, state }: Query): number {
  if (typeof meta?.restMs !== "function" || state.data === undefined) return 0;
  const restMs: unknown = meta.restMs(state.data);
  return typeof restMs === "number" ? state.dataUpdatedAt + restMs - Date.now() : 0;
}

function markStaleLater(queryClient: QueryClient, query: Query): void {
  if (resting.has(query)) return;
  resting.add(query);
  setTimeout(
    () => {
      resting.delete(query);
      void markStale(queryClient, { queryKey: query.queryKey, exact: true });
    },
    Math.min(60_000, restLeftMs(query)),
  );
}

/** Like `refresh`, for all nouns. */
export function refreshAll(queryClient: QueryClient): Promise<unknown> {
  noteChange();
  return markStale(queryClient, {});
}

/**
 * `invalidateQueries` does not repeat a first fetch that is running, although its result can be older than
 * the change. Therefore this waits for such fetches and marks their results as stale, too.
 */
async function markStale(queryClient: QueryClient, filters: QueryFilters): Promise<void> {
  const firstFetches = queryClient
    .getQueryCache()
    .findAll({ ...filters, fetchStatus: "fetching" })
    .filter(({ state }) => state.data === undefined);
  await Promise.all([
    queryClient.invalidateQueries(filters),
    ...firstFetches.map(async ({ promise, queryKey }) => {
      await promise?.catch(() => undefined);
      await queryClient.invalidateQueries({ queryKey, exact: true });
    }),
  ]);
}
