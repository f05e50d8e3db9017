// Routes of the API as queries. Keys begin with the noun, so that a change refreshes all that shows the noun.
import { getMe, getSetup } from "@attacklens/protocol/account.ts";
import { getConnection } from "@attacklens/protocol/connection.ts";
import type { Route, RouteOutput, RouteRequest } from "@attacklens/protocol/route.ts";
import {
  infiniteQueryOptions,
  type QueryClient,
  type QueryFilters,
  queryOptions,
} from "@tanstack/react-query";
import { type ApiRequest, callApi } from "./api.ts";

const REFRESH_MS = { live: 15_000, alone: 5_000 };
let isStreamOpen = false;

/** Said by the one who follows the server's changes. */
export function setStreamOpen(isOpen: boolean): void {
  isStreamOpen = isOpen;
}

/** How often what is on the screen is asked for again: seldom while the server tells by itself what has changed. */
export function refreshMs(): number {
  return isStreamOpen ? REFRESH_MS.live : REFRESH_MS.alone;
}

export function apiQuery<R extends Route>(route: R, request: ApiRequest<R>) {
  return queryOptions({
    queryKey: [...route.name.split("."), request],
    queryFn: ({ signal }) => callApi(route, request, { signal }),
  });
}

type PageOf<R extends Route> = RouteOutput<R> & { items: unknown[]; nextCursor: string | null };

const ROWS_PER_PAGE = 100;

/** A list, a keyset page at a time. It is refreshed whole, so from the third page on the less often, the longer it is. */
export function apiListQuery<R extends Route>(route: R, request: ApiRequest<R>) {
  const { query } = request as { query?: RouteRequest<R>["query"] };
  return infiniteQueryOptions({
    queryKey: [...route.name.split("."), "pages", request],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      callApi(
        route,
        { ...request, query: { limit: ROWS_PER_PAGE, ...query, cursor: pageParam } } as ApiRequest<R>,
        { signal },
      ) as Promise<PageOf<R>>,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (current) =>
      refreshMs() * Math.min(6, Math.ceil((current.state.data?.pages.length ?? 1) / 2)),
  });
}

export const meQuery = apiQuery(getMe, {});
export const setupQuery = apiQuery(getSetup, {});
export const connectionQuery = apiQuery(getConnection, {});

/** Marks everything about the nouns as out of date; what is on the screen is fetched again at once. */
export function refresh(queryClient: QueryClient, ...nouns: string[]): Promise<unknown> {
  return Promise.all(nouns.map((noun) => outdate(queryClient, { queryKey: [noun] })));
}

/** The same for everything. */
export function refreshAll(queryClient: QueryClient): Promise<unknown> {
  return outdate(queryClient, {});
}

/** A first fetch that is under way is not repeated by `invalidateQueries`, although its result may be older than the change. */
async function outdate(queryClient: QueryClient, filters: QueryFilters): Promise<void> {
  const firstFetches = queryClient
    .getQueryCache()
    .findAll({ ...filters, fetchStatus: "fetching", predicate: ({ state }) => state.data === undefined });
  await Promise.all([
    queryClient.invalidateQueries(filters),
    ...firstFetches.map(async ({ promise, queryKey }) => {
      await promise?.catch(() => undefined);
      await queryClient.invalidateQueries({ queryKey, exact: true });
    }),
  ]);
}
