// Which pages of a long list a refresh fetches again. A change by a sensor or another user concerns the pages
// on the screen; the others are fetched when they are scrolled to. A change by the user concerns all pages.
import { hashKey, type InfiniteData, type QueryClient } from "@tanstack/react-query";

export interface ListPage {
  items: readonly unknown[];
  /** By the clock of the browser. */
  fetchedAt: number;
}

type Pages<P extends ListPage> = InfiniteData<P, string | undefined>;

/** The pages on the screen, by the hash of their query. Absent: the list is not on the screen. */
const visible = new Map<string, { from: number; to: number }>();
/** When the user last changed objects of a noun. */
const changedAt = new Map<unknown, number>();
let allChangedAt = 0;

/** Every page that was fetched before is fetched again. Without a noun: of every list. */
export function noteChange(noun?: unknown): void {
  if (noun === undefined) allChangedAt = Date.now();
  else changedAt.set(noun, Date.now());
}

/** Returns the page of a refresh that stays as it is, or undefined if it must be fetched. */
export function keptPage<P extends ListPage>(
  client: QueryClient,
  queryKey: readonly unknown[],
  cursor: string | undefined,
): P | undefined {
  const shown = visible.get(hashKey(queryKey));
  const data = client.getQueryData<Pages<P>>(queryKey);
  // If an earlier page now ends elsewhere, this one has another cursor.
  const index = data?.pageParams.indexOf(cursor) ?? -1;
  const page = data?.pages[index];
  if (!shown || !page || (index >= shown.from && index <= shown.to)) return undefined;
  return page.fetchedAt > Math.max(allChangedAt, changedAt.get(queryKey[0]) ?? 0) ? page : undefined;
}

/** Notes the rows on the screen. Returns whether one of their pages is older than `maxAgeMs`. */
export function showRows<P extends ListPage>(
  queryKey: readonly unknown[],
  pages: readonly P[],
  { first, last }: { first: number; last: number },
  maxAgeMs: number,
): boolean {
  const shown = { from: pageOf(pages, first), to: pageOf(pages, last) };
  visible.set(hashKey(queryKey), shown);
  const oldest = Date.now() - maxAgeMs;
  return pages.slice(shown.from, shown.to + 1).some(({ fetchedAt }) => fetchedAt < oldest);
}

export function hideRows(queryKey: readonly unknown[]): void {
  visible.delete(hashKey(queryKey));
}

function pageOf(pages: readonly ListPage[], row: number): number {
  let end = 0;
  const index = pages.findIndex(({ items }) => {
    end += items.length;
    return row < end;
  });
  return index === -1 ? Math.max(0, pages.length - 1) : index;
}
