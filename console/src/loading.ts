// Functions for all loaders. The loader of a page is in the folder of the page and uses the same query.

import type { ApiRequest } from "@attacklens/protocol/client.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import type { QueryClient } from "@tanstack/react-query";
import { notFound } from "@tanstack/react-router";
import { problemOf } from "./api.ts";
import { type ListSearch, listSearch, queryOf } from "./components/list-search.ts";
import { apiListQuery } from "./queries.ts";

export interface RouterContext {
  queryClient: QueryClient;
}

interface ListLoad<R extends Route> {
  context: RouterContext;
  deps: ListSearch<R>;
  cause: "enter" | "stay" | "preload";
}

/** Cached data is good enough to show a page. The page refreshes it automatically. */
export const CACHED = { staleTime: "static" } as const;

/** Derives a list page from the API route that lists its rows: its query, and its part of the site map. */
export function listOf<R extends Route>(apiRoute: R) {
  const query = (search: ListSearch<R>) =>
    apiListQuery(apiRoute, { query: queryOf(search) } as unknown as ApiRequest<R>);
  return {
    query,
    route: {
      validateSearch: listSearch(apiRoute),
      loaderDeps: ({ search }: { search: ListSearch<R> }) => search,
      /** A new search or sort of an open list does not replace the list: its rows stay until the new ones. */
      loader: async ({ context, deps, cause }: ListLoad<R>): Promise<void> => {
        const loading = context.queryClient.infiniteQuery({ ...query(deps), ...CACHED });
        if (cause === "stay") loading.catch(() => undefined);
        else await loading;
      },
    },
  };
}

/** Shows "not found" instead of a failure when the server does not have the object. */
export async function orNotFound(loading: Promise<unknown>): Promise<void> {
  try {
    await loading;
  } catch (error) {
    const { code } = problemOf(error);
    if (code === "not-found" || code === "input-invalid") throw notFound();
    throw error;
  }
}
