// The state of a list in the URL: the query of its API route. Each part is optional, and invalid parts are
// ignored.
import { COLUMNS_NAME, isSearchValue } from "@attacklens/protocol/list-search.ts";
import type { Route, RouteRequest } from "@attacklens/protocol/route.ts";
import { noteIgnored } from "./ignored-filters.ts";

/** The position in the list is not part of the URL. */
export type ListSearch<R extends Route> = Partial<
  Omit<NonNullable<RouteRequest<R>["query"]>, "cursor" | "limit" | "count">
>;

/** Returns a function that reads the search of a list page with the query schema of its API route. */
export function listSearch<R extends Route>(route: R): (search: Record<string, unknown>) => ListSearch<R> {
  return (search) => {
    const state: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(search)) {
      const isValid = isSearchValue(route, name, value);
      if (!isValid) noteIgnored(name, value);
      // Explicitly undefined, because the router adds what the address has and this function does not return.
      state[name] = isValid ? value : undefined;
    }
    return state as ListSearch<R>;
  };
}

/** Returns the query of the API: the search without the columns, which only the console knows. */
export function queryOf<S extends object>(search: S): S {
  const { [COLUMNS_NAME]: _, ...query } = search as Record<string, unknown>;
  return query as S;
}

/** Returns the filters of a search, without the order of the rows. */
export function filterOf(search: object): object {
  const { sort: _, order: __, ...filter } = queryOf(search) as Record<string, unknown>;
  return filter;
}
