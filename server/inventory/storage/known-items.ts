// The items of the chunks that uploads are compared with. An item that is equal to one of them needs no other
// check: most items of a changed chunk are those of the chunk before.
import { setBounded } from "../../bounded-map.ts";
import { itemsOfText } from "./pack.ts";
import { type Packs, unlessDamaged } from "./packs.ts";

export interface KnownItem {
  value: unknown;
  /** Canonical. */
  json: string;
}

/** About ten kilobytes each. */
const MAX_CHUNKS = 400;

export function openKnownItems(packs: Packs) {
  const kept = new Map<number, Map<string, KnownItem>>();

  async function itemsOf(chunk: number): Promise<Map<string, KnownItem>> {
    const found = kept.get(chunk);
    if (found) return found;
    const [text] = await unlessDamaged(packs.readTexts([chunk]), []);
    const items = (text === undefined ? [] : itemsOfText(text)).map((json): [string, KnownItem] => {
      const value = JSON.parse(json) as { key: string };
      return [value.key, { value, json }];
    });
    return new Map(items);
  }

  return {
    /** Returns the items of the chunk by their keys. */
    async read(chunk: number): Promise<ReadonlyMap<string, KnownItem>> {
      const items = await itemsOf(chunk);
      setBounded(kept, chunk, items, MAX_CHUNKS);
      return items;
    },
  };
}
