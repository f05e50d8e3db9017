// The rows that a list page shows, kept up to date. Search, sort and filters are in the URL.
import {
  type InfiniteData,
  type UseSuspenseInfiniteQueryOptions,
  useSuspenseInfiniteQuery,
} from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { problemOf } from "../api.ts";
import type { Page } from "../queries.ts";

export interface List<Item> {
  rows: Item[];
  total: number;
  totalIsCapped: boolean;
  hasMore: boolean;
  onMore: () => void;
  /** Why the last refresh failed. The rows are older then. */
  refreshFailed: string | undefined;
}

type ListQuery<Item> = UseSuspenseInfiniteQueryOptions<
  Page<Item>,
  Error,
  InfiniteData<Page<Item>>,
  readonly unknown[],
  string | undefined
>;

export function useList<Item>(listQuery: ListQuery<Item>): List<Item> {
  const { data, fetchNextPage, hasNextPage, isFetching, error } = useSuspenseInfiniteQuery(listQuery);
  const rows = useMemo(() => data.pages.flatMap((page) => page.items), [data]);
  const onMore = useCallback(() => {
    if (!isFetching) void fetchNextPage();
  }, [fetchNextPage, isFetching]);
  const last = data.pages.at(-1);
  return {
    rows,
    total: last?.total ?? 0,
    totalIsCapped: last?.totalIsCapped ?? false,
    hasMore: hasNextPage,
    onMore,
    refreshFailed: error ? problemOf(error).detail : undefined,
  };
}

/** Changes the search of the URL without a new history entry. An undefined value is removed. */
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
