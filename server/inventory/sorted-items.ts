// The sorted items of a category for users, cached by the category's manifest, which never changes.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS, type Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Database } from "../db/schema.ts";
import { openBases, readChunkLists } from "./storage/bases.ts";
import { itemsOfText } from "./storage/pack.ts";
import { openPacks, unlessDamaged } from "./storage/packs.ts";

interface Question {
  category: Category;
  manifestId: number;
  q: string | undefined;
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
}

/** Returns undefined if the stored content cannot be read. */
export type SortedItems = (question: Question) => Promise<Page | undefined>;

/** An item as text, which takes a fraction of the memory of an object. */
interface Line {
  place: string;
  json: string;
  searched: string;
}

/** Cached characters of all lists. One category of the largest size fits. */
const MAX_KEPT = 64 * 1024 * 1024;

export function openSortedItems(db: Database, maxKept = MAX_KEPT): SortedItems {
  const kept = new Map<number, { lines: Line[]; size: number }>();
  const [packs, bases] = [openPacks(db), openBases(db)];
  let size = 0;

  async function linesOf({ category, manifestId: key }: Question): Promise<Line[] | undefined> {
    const found = kept.get(key);
    if (found) {
      // A Map keeps insertion order, so the list that was read longest ago is deleted first.
      kept.delete(key);
      kept.set(key, found);
      return found.lines;
    }
    const list = (await readChunkLists(db, bases, [key])).get(key);
    const texts = list && (await unlessDamaged(packs.readTexts([...list.values()]), undefined));
    if (!texts) return undefined;
    const lines = linesOfTexts(category, texts);
    const added = lines.reduce(
      (sum, { place, json, searched }) => sum + place.length + json.length + searched.length,
      0,
    );
    kept.set(key, { lines, size: added });
    size += added;
    for (const [oldest, { size: freed }] of kept) {
      if (size <= maxKept || oldest === key) break;
      kept.delete(oldest);
      size -= freed;
    }
    return lines;
  }

  return async (question) => {
    const { q, after, limit } = question;
    const lines = await linesOf(question);
    if (!lines) return undefined;
    const wanted = q?.toLowerCase();
    const matching = wanted ? lines.filter(({ searched }) => searched.includes(wanted)) : lines;
    const from = after === undefined ? 0 : firstAfter(matching, after);
    const page = matching.slice(from, from + limit);
    return {
      items: page.map(({ json }) => json),
      lastPlace: from + limit < matching.length ? (page.at(-1)?.place ?? null) : null,
      total: matching.length,
      totalIsCapped: false,
    };
  };
}

function linesOfTexts(category: Category, texts: string[]): Line[] {
  const kinds = kindsOf(category);
  const lines = texts.flatMap(itemsOfText).map((json) => {
    // It was parsed with the category's schema before it was stored.
    const item = JSON.parse(json) as Item;
    return { place: placeOf(item, kinds), json, searched: searchText(item) };
  });
  return lines.sort((left, right) => (left.place < right.place ? -1 : left.place > right.place ? 1 : 0));
}

function firstAfter(lines: Line[], place: string): number {
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
