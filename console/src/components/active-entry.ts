/**
 * Returns the entry with the longest path that is a prefix of the page's path, so `/sensors/tokens` wins over
 * `/sensors`.
 */
export function activeEntry(pathname: string, entries: readonly string[]): string | undefined {
  return entries
    .filter((path) => pathname === path || (path !== "/" && pathname.startsWith(`${path}/`)))
    .toSorted((one, other) => other.length - one.length)[0];
}
