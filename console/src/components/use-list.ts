// The rows that a list page shows, kept up to date. Search, sort and filters are in the URL.
import {
  hashKey,
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryOptions,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { problemOf } from "../api.ts";
import { hideRows, showRows } from "../list-pages.ts";
import { type ExactCount, type Page, refreshMs } from "../queries.ts";
import { fromLine, toLine } from "./line-search.ts";

export interface List<Item> {
  rows: Item[];
  /** Undefined: not counted yet. */
  total: number | undefined;
  hasMore: boolean;
  onMore: () => void;
  /** Notes the rows on the screen, by their indexes. */
  onShow: (first: number, last: number) => void;
  facets: NonNullable<Page<Item>["facets"]>;
  /** The rows of a new search or sort are not loaded yet. Those of the one before are shown. */
  isPending: boolean;
  /** Why the server refused the last refresh. The rows are older then. An outage is shown above the page. */
  refreshFailed: string | undefined;
}

type ListQuery<Item> = UseInfiniteQueryOptions<
  Page<Item>,
  Error,
  InfiniteData<Page<Item>>,
  readonly unknown[],
  string | undefined
> & {
  exactCount: ExactCount;
};

export function useList<Item>({ exactCount, ...listQuery }: ListQuery<Item>): List<Item> {
  const query = useInfiniteQuery({ ...listQuery, placeholderData: keepPreviousData });
  const { fetchNextPage, hasNextPage, isFetching, isPlaceholderData, error } = query;
  // A failed search has no placeholder.
  const shown = useRef(query.data);
  if (query.data) shown.current = query.data;
  const data = shown.current;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const onMore = useCallback(() => {
    if (!isFetching) void fetchNextPage();
  }, [fetchNextPage, isFetching]);
  const onShow = useShown(listQuery.queryKey, data?.pages ?? NO_PAGES, isFetching);
  // A refresh fetches only some pages, and the last count is the best.
  const last = data?.pages.toSorted((one, other) => one.fetchedAt - other.fetchedAt).at(-1);
  const isCapped = last?.totalIsCapped ?? false;
  const { data: counted } = useQuery({ ...exactCount, enabled: isCapped });
  const problem = error ? problemOf(error) : undefined;
  return {
    rows,
    total: isCapped ? counted : (last?.total ?? 0),
    isPending: isPlaceholderData || !query.data,
    hasMore: hasNextPage,
    onMore,
    onShow,
    facets: data?.pages[0]?.facets ?? [],
    refreshFailed: problem && problem.code !== "unavailable" ? problem.detail : undefined,
  };
}

const NO_PAGES: never[] = [];

/** Old pages are fetched when the user scrolls to them, not repeatedly: they stay old in an outage. */
function useShown(
  queryKey: readonly unknown[],
  pages: readonly Page<unknown>[],
  isFetching: boolean,
): List<unknown>["onShow"] {
  const queryClient = useQueryClient();
  const latest = useRef({ queryKey, pages, isFetching });
  useEffect(() => {
    latest.current = { queryKey, pages, isFetching };
  });
  const hash = hashKey(queryKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is another array at each render
  useEffect(() => () => hideRows(queryKey), [hash]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows of another list are noted again
  return useCallback(
    (first, last) => {
      const { queryKey, pages, isFetching } = latest.current;
      const isOld = showRows(queryKey, pages, { first, last }, refreshMs());
      if (isOld && !isFetching) void queryClient.invalidateQueries({ queryKey, exact: true });
    },
    [queryClient, hash],
  );
}

export type SetSearch = (change: Record<string, string | undefined>) => void;
type Search = Record<string, unknown>;

/** Changes the search of the URL without a new history entry. An undefined value is removed. */
export function useSetSearch(): SetSearch {
  return useSearchChange(merge);
}

const merge = (before: Search, change: Search): Search => ({ ...before, ...change });

/** The same for a list whose filters are one line. */
export function useSetLine(): SetSearch {
  return useSearchChange(mergeLine);
}

const mergeLine = (before: Search, change: Search): Search => ({
  ...toLine({ ...fromLine(before), ...change }),
});

function useSearchChange(merged: (before: Search, change: Search) => Search): SetSearch {
  const navigate = useNavigate();
  return useCallback(
    (change) =>
      void navigate({
        to: ".",
        search: (before: Search) => merged(before, change),
        replace: true,
        resetScroll: false,
      } as Parameters<typeof navigate>[0]),
    [navigate, merged],
  );
}
