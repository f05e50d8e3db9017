// Which saved view a list shows. Pure.
import { COLUMNS_NAME } from "@attacklens/protocol/list-search.ts";
import { searchText, type View } from "@attacklens/protocol/views.ts";

/** Returns the search of a view of the list as it is. `columns` are those that the user chose, if any. */
export function searchOfView(search: Record<string, unknown>, columns: string | undefined): string {
  return searchText({ ...search, [COLUMNS_NAME]: columns });
}

/**
 * Returns the view with exactly the present search. Otherwise, returns the view that was shown last, as
 * changed. A view without columns fits any.
 */
export function viewOf(
  views: readonly View[],
  search: Record<string, unknown>,
  columns: string | undefined,
  lastId: string | undefined,
): { view: View | undefined; isChanged: boolean } {
  const texts = [searchOfView(search, columns), searchOfView(search, undefined)];
  const last = views.find(({ id }) => id === lastId);
  if (last && texts.includes(last.search)) return { view: last, isChanged: false };
  // The list without any search is no view, unless the user has chosen one.
  const exact = texts[1] === "" ? undefined : views.find((view) => texts.includes(view.search));
  return exact ? { view: exact, isChanged: false } : { view: last, isChanged: last !== undefined };
}
