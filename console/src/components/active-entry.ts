/** The entry whose path is the longest that begins the page's path: `/sensors/tokens` is not `/sensors`. */
export function activeEntry(pathname: string, entries: readonly string[]): string | undefined {
  return entries
    .filter((path) => pathname === path || (path !== "/" && pathname.startsWith(`${path}/`)))
    .toSorted((one, other) => other.length - one.length)[0];
}
