// What a list page shows: the rows loaded so far, kept up to date, with search, sort and filters in the URL.
import type { Route, RouteOutput } from "@attacklens/protocol/route.ts";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type ApiRequest, problemOf } from "../api.ts";
import { apiListQuery } from "../queries.ts";

interface ListPage<Item> {
  items: Item[];
  nextCursor: string | null;
  total: number;
  totalIsCapped: boolean;
}

type ItemOf<R extends Route> = RouteOutput<R> extends { items: (infer Item)[] } ? Item : never;

export interface List<Item> {
  rows: Item[];
  total: number;
  totalIsCapped: boolean;
  hasMore: boolean;
  onMore: () => void;
  /** Why the last refresh failed; the rows are those of before. */
  refreshFailed: string | undefined;
}

export function useList<R extends Route>(route: R, request: ApiRequest<R>): List<ItemOf<R>> {
  const query = useSuspenseInfiniteQuery(apiListQuery(route, request));
  const pages = query.data.pages as unknown as ListPage<ItemOf<R>>[];
  const rows = useMemo(() => pages.flatMap((page) => page.items), [pages]);
  const { fetchNextPage, hasNextPage, isFetching, error } = query;
  const onMore = useCallback(() => {
    if (!isFetching) void fetchNextPage();
  }, [fetchNextPage, isFetching]);
  const last = pages.at(-1);
  return {
    rows,
    total: last?.total ?? 0,
    totalIsCapped: last?.totalIsCapped ?? false,
    hasMore: hasNextPage,
    onMore,
    refreshFailed: error ? problemOf(error).detail : undefined,
  };
}

/** Changes the search of the URL in place; what becomes undefined leaves it. */
export function useSetSearch(): (change: Record<string, string | undefined>) => void {
  const navigate = useNavigate();
  return useCallback(
    (change) =>
      void navigate({
        to: ".",
        search: (before: Record<string, unknown>) => ({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      } as Parameters<typeof navigate>[0]),
    [navigate],
  );
}
