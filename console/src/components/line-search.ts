// The search of a list whose filters are one line of text in the address:
// `?filter=status:offline+tag:pci+web`. The page and the API have a value for each filter.
import {
  FILTER_NAMES,
  formatFilter,
  parseFilter,
  type SensorFilter,
} from "@attacklens/protocol/filter-text.ts";
import type { listSensors } from "@attacklens/protocol/sensors.ts";
import { noteIgnoredText } from "./ignored-filters.ts";
import type { ListSearch } from "./list-search.ts";

type SensorSearch = ListSearch<typeof listSensors>;
export interface LineSearch extends Pick<SensorSearch, "sort" | "order"> {
  filter?: string;
}

const NAMES: readonly string[] = [...FILTER_NAMES, "q"];

/** Returns the search of the address. */
export function toLine(search: SensorSearch): LineSearch {
  const entries = Object.entries(search).filter(([, value]) => value !== undefined);
  const filters = entries.filter(([name]) => NAMES.includes(name));
  const others = entries.filter(([name]) => !NAMES.includes(name));
  const filter = formatFilter(Object.fromEntries(filters) as SensorFilter);
  return { ...(filter ? { filter } : {}), ...Object.fromEntries(others) };
}

/** Returns the search of the page. Words that are no filters are left out. */
export function fromLine({ filter, ...others }: LineSearch): SensorSearch {
  return { ...parseFilter(filter ?? "").filter, ...present(others) };
}

/** Parameters that the last reading of the address cleared are undefined. */
const present = (search: object): SensorSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));

/**
 * Returns a function that reads the address with that of the list. Addresses of earlier releases have a
 * parameter for each filter, which become a part of the line.
 */
export function lineSearch(read: (search: Record<string, unknown>) => SensorSearch) {
  return (search: Record<string, unknown>): LineSearch => {
    const { filter = "", ...others } = search;
    const { filter: found, problems } = parseFilter(String(filter));
    for (const { word } of problems) noteIgnoredText(word);
    const cleared = Object.fromEntries(Object.keys(search).map((name) => [name, undefined]));
    return { ...cleared, ...toLine({ ...found, ...present(read(others)) }) };
  };
}
