// The state of a list in the URL: the query of its API route. Each part is optional, and invalid parts are
// ignored.
import type { Route, RouteRequest } from "@attacklens/protocol/route.ts";

import { noteIgnored } from "./ignored-filters.ts";

/** The position in the list is not part of the URL. */
const NOT_STATE = ["cursor", "limit", "count"] as const;

export type ListSearch<R extends Route> = Partial<
  Omit<NonNullable<RouteRequest<R>["query"]>, (typeof NOT_STATE)[number]>
>;

/** Returns a function that reads the search of a list page with the query schema of its API route. */
export function listSearch<R extends Route>(route: R): (search: Record<string, unknown>) => ListSearch<R> {
  const names = new Map(
    Object.entries(route.query?.shape ?? {}).filter(([name]) => !NOT_STATE.some((one) => one === name)),
  );
  return (search) => {
    const state: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(search)) {
      const isValid = names.get(name)?.safeParse(value).success ?? false;
      if (!isValid) noteIgnored(name, value);
      // Explicitly undefined, because the router adds what the address has and this function does not return.
      state[name] = isValid ? value : undefined;
    }
    return state as ListSearch<R>;
  };
}

/** Returns the filters of a search, without the order of the rows. */
export function filterOf(search: object): object {
  const { sort: _, order: __, ...filter } = search as Record<string, unknown>;
  return filter;
}
