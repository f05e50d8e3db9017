// The search of a list page: the part of its address that chooses the rows, their order and the columns. It
// is the query of the list's route, without the position in the list.
import type { Route } from "./route.ts";

const POSITION = ["cursor", "limit", "count"];

/** In the address: the ids of the columns that the list shows, with commas. */
export const COLUMNS_NAME = "columns";
const COLUMN_IDS = /^[\w,]{1,500}$/;

export function isSearchName(route: Route, name: string): boolean {
  return name === COLUMNS_NAME || (!POSITION.includes(name) && Object.hasOwn(route.query?.shape ?? {}, name));
}

/** Whether the list's search can have this parameter with this value. */
export function isSearchValue(route: Route, name: string, value: unknown): boolean {
  if (!isSearchName(route, name)) return false;
  if (name === COLUMNS_NAME) return COLUMN_IDS.test(String(value));
  return route.query!.shape[name]!.safeParse(value).success;
}
