// The state of a list in the URL: what its route lets one ask for, each part optional, and ignored when it is nonsense.
import type { Route, RouteRequest } from "@attacklens/protocol/route.ts";

/** Where one is in the list is no state of the page. */
const NOT_STATE = ["cursor", "limit"] as const;

export type ListSearch<R extends Route> = Partial<
  Omit<NonNullable<RouteRequest<R>["query"]>, (typeof NOT_STATE)[number]>
>;

/** Reads the search of a list page by the query that the route behind it declares. */
export function listSearch<R extends Route>(route: R): (search: Record<string, unknown>) => ListSearch<R> {
  const names = Object.entries(route.query?.shape ?? {}).filter(
    ([name]) => !NOT_STATE.some((one) => one === name),
  );
  return (search) => {
    const valid = names.filter(([name, schema]) => {
      return search[name] !== undefined && schema.safeParse(search[name]).success;
    });
    return Object.fromEntries(valid.map(([name]) => [name, search[name]])) as ListSearch<R>;
  };
}
