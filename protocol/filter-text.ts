// The filters of the list of sensors as one line of text: `status:offline,pending tag:pci last-seen>7d web`.
// What is no filter is the search. The values are those of the API, so both have the same rules. A word in
// quotation marks is never a filter.
import type { RouteRequest } from "./route.ts";
import { listSensors } from "./sensors.ts";
import { formatList, parseList } from "./text-list.ts";

type Query = NonNullable<RouteRequest<typeof listSensors>["query"]>;
export type SensorFilter = Omit<Query, "sort" | "order" | "cursor" | "limit" | "count">;
type FilterName = Exclude<keyof SensorFilter, "q">;

/** The beginnings of filters, in the order in which they are written. */
const PREFIXES: Record<FilterName, string> = {
  status: "status:",
  platform: "platform:",
  version: "version:",
  tag: "tag:",
  assetGroupId: "group:",
  enrollmentTokenId: "token:",
  address: "address:",
  notSeenFor: "last-seen>",
  seenBefore: "last-seen<",
  match: "duplicates:",
};
const FILTERS = Object.entries(PREFIXES) as [FilterName, string][];
/** Several values have commas. */
const LISTS: readonly string[] = ["status", "platform", "version", "tag"] satisfies FilterName[];

export const FILTER_NAMES: readonly string[] = Object.keys(PREFIXES);

export interface FilterWord {
  /** As it was written. */
  text: string;
  /** Absent: a part of the search. */
  filter?: { name: FilterName; value: string };
  /** It looks like a filter, and is none. */
  problem?: string;
}

/** Splits a line at spaces outside of quotation marks. */
export function readWords(line: string): FilterWord[] {
  const words: FilterWord[] = [];
  let at = 0;
  while (at < line.length) {
    const start = at;
    let isQuoted = false;
    // In a word of the search, only at its start: `3"-disk`. A doubled one opens again.
    let mayOpen = true;
    for (; at < line.length && (isQuoted || line[at] !== " "); at++) {
      const isMark: boolean = line[at] === '"' && (isQuoted || mayOpen);
      if (isMark) isQuoted = !isQuoted;
      mayOpen = isMark || /[:,<>]/.test(line[at]!);
    }
    if (at > start) words.push(readWord(line.slice(start, at)));
    at++;
  }
  return words;
}

function readWord(text: string): FilterWord {
  const lower = text.toLowerCase();
  const found = FILTERS.find(([, prefix]) => lower.startsWith(prefix));
  if (!found) {
    // Not an IPv6 or a MAC address.
    const unknown = /^[a-z][a-z-]*[:<>]/i.test(text) && !/^[0-9a-f:.]+$/i.test(text);
    return unknown
      ? { text, problem: `${text} is no filter. Filters begin with ${Object.values(PREFIXES).join(" ")}` }
      : { text };
  }
  const [name, prefix] = found;
  const value = text.slice(prefix.length);
  if (value === "") return { text, problem: `${text} has no value` };
  const { error } = listSensors.query!.shape[name].safeParse(value);
  if (error) return { text, problem: `${prefix}${value} ${error.issues[0]!.message}` };
  return { text, filter: { name, value } };
}

export interface FilterProblem {
  word: string;
  problem: string;
}

/** Returns the filters of a line, and why some of its words are none. These are left out. */
export function parseFilter(line: string): { filter: SensorFilter; problems: FilterProblem[] } {
  const filter: Record<string, string> = {};
  const problems: FilterProblem[] = [];
  const search: string[] = [];
  for (const { text, filter: found, problem } of readWords(line)) {
    if (problem) problems.push({ word: text, problem });
    else if (!found) search.push((text.startsWith('"') ? parseList(text)?.join() : undefined) ?? text);
    else if (filter[found.name] === undefined) filter[found.name] = found.value;
    else if (LISTS.includes(found.name)) filter[found.name] += `,${found.value}`;
    else problems.push({ word: text, problem: `${text} is a second value of ${PREFIXES[found.name]}` });
  }
  if (search.length > 0) filter.q = search.join(" ");
  return { filter: filter as SensorFilter, problems };
}

/** Returns the line of filters that `parseFilter` reads. */
export function formatFilter(filter: SensorFilter): string {
  const words = FILTERS.flatMap(([name, prefix]) => {
    const value = filter[name];
    if (value === undefined) return [];
    return [prefix + (LISTS.includes(name) ? formatList(parseList(value) ?? [value]) : value)];
  });
  const { q } = filter;
  if (q) words.push(isPlain(q) ? q : `"${q.replaceAll('"', '""')}"`);
  return words.join(" ");
}

function isPlain(q: string): boolean {
  const { filter, problems } = parseFilter(q);
  return problems.length === 0 && Object.keys(filter).length === 1 && filter.q === q;
}
