// The items of the chunks that uploads are compared with. An item that is equal to one of them needs no other
// check: most items of a changed chunk are those of the chunk before.
import { setBounded } from "../../bounded-map.ts";
import { itemsOfText, type PackedItem } from "./pack.ts";
import { type Packs, unlessDamaged } from "./packs.ts";

export interface KnownItem extends PackedItem {
  value: unknown;
}

/** About ten kilobytes each. */
const MAX_CHUNKS = 400;

export function openKnownItems(packs: Packs) {
  const kept = new Map<number, Map<string, KnownItem>>();

  async function itemsOf(chunk: number): Promise<Map<string, KnownItem>> {
    const found = kept.get(chunk);
    if (found) return found;
    const [text] = await unlessDamaged(packs.readTexts([chunk]), []);
    const items = (text === undefined ? [] : itemsOfText(text)).map((item): [string, KnownItem] => {
      const value = JSON.parse(item.json) as { key: string };
      return [value.key, { value, ...item }];
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
