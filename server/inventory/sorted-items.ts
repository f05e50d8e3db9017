// The sorted items of a category for users, cached by the category's manifest, which never changes.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS, type Item } from "@attacklens/protocol/inventory/category-items.ts";
import {
  type Chosen,
  type Facet,
  INVENTORY_VIEWS,
  type SortField,
} from "@attacklens/protocol/inventory/facets.ts";
import type { Database } from "../db/schema.ts";
import { openBases, readChunkLists } from "./storage/bases.ts";
import { itemsOfText } from "./storage/pack.ts";
import { openPacks, unlessDamaged } from "./storage/packs.ts";

interface Question {
  category: Category;
  manifestId: number;
  q: string | undefined;
  /** The chosen facets. */
  where: Chosen;
  sort: string | undefined;
  order: "asc" | "desc";
  /** The position of the last item of the previous page. */
  after: string | undefined;
  limit: number;
}

/** A page of the items of a category, in their order. */
interface Page {
  /** JSON of each item. */
  items: string[];
  /** The position of the page's last item; null: no items follow. */
  lastPlace: string | null;
  total: number;
  totalIsCapped: boolean;
  facets: FacetCounts[];
}

interface FacetCounts {
  name: string;
  values: { name: string; count: number }[];
}

/** Returns undefined if the stored content cannot be read. */
export type SortedItems = (question: Question) => Promise<Page | undefined>;

/** An item as text, which takes a fraction of the memory of an object. */
interface Line {
  place: string;
  json: string;
  searched: string;
  /** `state:running`. */
  facets: readonly string[];
}

/** Values of a facet that are counted. */
const MAX_VALUES = 50;
/** Before the number of rows that are before a page of a sorted list. */
const OFFSET = "#";

/** Cached characters of all lists. One category of the largest size fits. */
const MAX_KEPT = 64 * 1024 * 1024;

/** The items of a category. */
interface Kept {
  lines: Line[];
  /** Of all lines, once they were counted. */
  counts?: FacetCounts[];
  size: number;
}

export function openSortedItems(db: Database, maxKept = MAX_KEPT): SortedItems {
  const kept = new Map<number, Kept>();
  const [packs, bases] = [openPacks(db), openBases(db)];
  let size = 0;

  async function read({ category, manifestId: key }: Question): Promise<Kept | undefined> {
    const found = kept.get(key);
    if (found) {
      // A Map keeps insertion order, so the list that was read longest ago is deleted first.
      kept.delete(key);
      kept.set(key, found);
      return found;
    }
    const list = (await readChunkLists(db, bases, [key])).get(key);
    const texts = list && (await unlessDamaged(packs.readTexts([...list.values()]), undefined));
    if (!texts) return undefined;
    const lines = linesOfTexts(category, texts);
    const added = lines.reduce(
      (sum, { place, json, searched }) => sum + place.length + json.length + searched.length,
      0,
    );
    const content: Kept = { lines, size: added };
    kept.set(key, content);
    size += added;
    for (const [oldest, { size: freed }] of kept) {
      if (size <= maxKept || oldest === key) break;
      kept.delete(oldest);
      size -= freed;
    }
    return content;
  }

  return async (question) => {
    const { category, q, where, sort, after, limit } = question;
    const content = await read(question);
    if (!content) return undefined;
    const { lines } = content;
    const wanted = q?.toLowerCase();
    const found = wanted ? lines.filter(({ searched }) => searched.includes(wanted)) : lines;
    const filtered = where.size === 0 ? found : found.filter((line) => isChosen(line, where));
    const count = () => countFacets(category, found, where);
    if (filtered === lines) content.counts ??= count();
    const matching = sort === undefined ? filtered : sorted(filtered, question, sort);
    const from = after === undefined ? 0 : firstAfter(matching, after);
    const page = matching.slice(from, from + limit);
    const end = from + limit;
    const lastPlace = sort === undefined ? (page.at(-1)?.place ?? null) : `${OFFSET}${end}`;
    return {
      items: page.map(({ json }) => json),
      lastPlace: end < matching.length ? lastPlace : null,
      facets: filtered === lines ? content.counts! : count(),
      total: matching.length,
      totalIsCapped: false,
    };
  };
}

function linesOfTexts(category: Category, texts: string[]): Line[] {
  const kinds = kindsOf(category);
  const lines = texts.flatMap(itemsOfText).map(({ json }) => {
    // It was parsed with the category's schema before it was stored.
    const item = JSON.parse(json) as Item;
    return {
      place: placeOf(item, kinds),
      json,
      searched: searchText(item),
      facets: facetsOf(category, item),
    };
  });
  return lines.sort((left, right) => (left.place < right.place ? -1 : left.place > right.place ? 1 : 0));
}

function facetsOf(category: Category, item: Item): string[] {
  const { facets } = viewOf(category);
  return Object.entries(facets).flatMap(([name, { of }]) =>
    of(item)
      .filter((value) => value !== undefined && value !== "")
      .map((value) => `${name}:${value}`),
  );
}

/** The types of the category and of its items agree, which the compiler cannot see. */
function viewOf(category: Category) {
  return INVENTORY_VIEWS[category] as {
    facets: Record<string, Facet<Item>>;
    sorts: Record<string, SortField<Item>>;
  };
}

/** `except`: a facet that does not count. */
function isChosen({ facets }: Line, where: Chosen, except?: string): boolean {
  for (const [name, values] of where) {
    if (name !== except && ![...values].some((value) => facets.includes(`${name}:${value}`))) return false;
  }
  return true;
}

/** For each value of a facet, the number of items with it and with the choices of the other facets. */
function countFacets(category: Category, lines: Line[], where: Chosen): FacetCounts[] {
  return Object.keys(INVENTORY_VIEWS[category].facets).map((name) => {
    const counts = new Map<string, number>();
    const prefix = `${name}:`;
    for (const line of lines) {
      if (!isChosen(line, where, name)) continue;
      for (const facet of line.facets)
        if (facet.startsWith(prefix)) counts.set(facet, (counts.get(facet) ?? 0) + 1);
    }
    const values = [...counts].map(([facet, count]) => ({ name: facet.slice(prefix.length), count }));
    values.sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1));
    return { name, values: values.slice(0, MAX_VALUES) };
  });
}

/** Items without a value come last in both orders. Equal ones keep the order of the category. */
function sorted(lines: Line[], { category, order }: Question, sort: string): Line[] {
  const { of } = viewOf(category).sorts[sort]!;
  const keyed = lines.map((line) => ({ line, key: sortKey(of(JSON.parse(line.json) as Item)) }));
  const sign = order === "desc" ? -1 : 1;
  keyed.sort(({ key: one }, { key: other }) => {
    if (one === undefined || other === undefined)
      return Number(one === undefined) - Number(other === undefined);
    return one < other ? -sign : one > other ? sign : 0;
  });
  return keyed.map(({ line }) => line);
}

/** Numbers inside texts sort by value: 9 before 10. */
function sortKey(value: string | number | undefined): string | undefined {
  if (value === undefined || value === "") return undefined;
  return String(value)
    .toLowerCase()
    .replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}

function firstAfter(lines: Line[], place: string): number {
  if (/^#\d{1,7}$/.test(place)) return Number(place.slice(OFFSET.length));
  let [from, to] = [0, lines.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (lines[middle]!.place > place) to = middle;
    else from = middle + 1;
  }
  return from;
}

/**
 * Returns the position of an item: by kind and name, ports by number, certificates by expiry. The key makes
 * it unique.
 */
function placeOf(item: Item, kinds: readonly string[]): string {
  if ("port" in item) return `${String(item.port).padStart(5, "0")} ${item.key}`;
  if ("notAfter" in item) return `${item.notAfter} ${item.key}`;
  if ("area" in item) return item.key;
  const rank = "kind" in item ? String(kinds.indexOf(item.kind) + 1).padStart(2, "0") : "";
  const name = "address" in item || !("name" in item) ? "" : item.name;
  return `${rank} ${name} ${item.key}`;
}

/** The kinds of a category in the order of its schema; empty if its kinds are shown together. */
function kindsOf(category: Category): string[] {
  const schema = CATEGORY_ITEMS[category];
  return "options" in schema ? schema.options.map(({ shape }) => shape.kind.value) : [];
}

/** Returns every text and number of an item in lower case, without the names of its members. */
function searchText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value).toLowerCase();
  return Object.values(value).map(searchText).join("\n");
}
