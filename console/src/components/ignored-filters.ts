// Filters and sorts of an address that do not exist, such as `?status=bogus`. The router removes them from
// the address before the page is shown, so they are kept here until the page has said so.
import { useEffect, useState } from "react";

const MOST = 10;
/** Shown in full: the text is from a link. */
const MOST_CHARACTERS = 60;

let unsaid: string[] = [];

/** The router reads an address several times, so a filter is kept once. */
export function noteIgnored(name: string, value: unknown): void {
  noteIgnoredText(`${name}=${String(value)}`);
}

export function noteIgnoredText(text: string): void {
  const shown = text.slice(0, MOST_CHARACTERS);
  if (!unsaid.includes(shown) && unsaid.length < MOST) unsaid.push(shown);
}

/** Returns the ignored filters until the search changes. */
export function useIgnored(search: unknown): readonly string[] | undefined {
  const key = JSON.stringify(search);
  const [said, setSaid] = useState<{ key: string; filters: string[] }>();
  useEffect(() => {
    if (unsaid.length > 0) setSaid({ key, filters: unsaid });
    unsaid = [];
  }, [key]);
  return said?.key === key ? said.filters : undefined;
}
