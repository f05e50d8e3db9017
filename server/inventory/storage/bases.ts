// The bases of chunk lists: complete lists, from which the lists of similar hosts differ little. Keeps the
// ones that are used most, for each category.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { setBounded } from "../../bounded-map.ts";
import type { Database } from "../../db/schema.ts";
import { type ChunkList, countCommon, decodeChunkList } from "./chunk-list.ts";
import { listChunkLists, listNewestBases } from "./manifests-store.ts";

export interface Base {
  /** The manifest of the list. */
  id: number;
  list: ChunkList;
}

/** Bases of a category that a new list is compared with: about one for each image of the fleet. */
const MAX_BASES = 16;
/** Bases that other lists refer to. */
const MAX_KEPT = 500;

export function openBases(db: Database) {
  const kept = new Map<number, ChunkList>();
  const used = new Map<Category, Promise<Base[]>>();

  /** Returns complete lists, by the ids of their manifests. */
  async function readBases(ids: Iterable<number>): Promise<Map<number, ChunkList>> {
    const lists = new Map<number, ChunkList>();
    const missing: number[] = [];
    for (const id of new Set(ids)) {
      const found = kept.get(id);
      if (found) lists.set(id, found);
      else missing.push(id);
    }
    for (const { id, chunks } of await listChunkLists(db, missing)) {
      const list = decodeChunkList(chunks);
      lists.set(id, list);
      setBounded(kept, id, list, MAX_KEPT);
    }
    return lists;
  }

  function basesOf(category: Category): Promise<Base[]> {
    const found = used.get(category);
    if (found) return found;
    const reading = (async () => {
      const ids = await listNewestBases(db, category, MAX_BASES);
      const lists = await readBases(ids);
      return ids.map((id) => ({ id, list: lists.get(id)! }));
    })();
    used.set(category, reading);
    reading.catch(() => used.delete(category));
    return reading;
  }

  return {
    readBases,
    /**
     * Returns the base that has most chunks in common with the list. Without a common chunk, returns the base
     * of the sensor's current list, `own`, or else the one that is used most.
     */
    async closest(category: Category, list: ChunkList, own: number | undefined): Promise<Base | undefined> {
      const bases = await basesOf(category);
      const ownList = own === undefined ? undefined : (await readBases([own])).get(own);
      const candidates = ownList ? [{ id: own!, list: ownList }, ...bases] : bases;
      let best = candidates[0];
      let most = 0;
      for (const base of candidates) {
        const common = countCommon(list, base.list);
        if (common > most) [best, most] = [base, common];
        if (common === list.size) break;
      }
      const at = bases.findIndex(({ id }) => id === best?.id);
      if (at > 0 && most > 0) bases.unshift(...bases.splice(at, 1));
      return best;
    },
    /** Adds a complete list. It replaces the base that was used least lately. */
    async add(category: Category, base: Base): Promise<void> {
      setBounded(kept, base.id, base.list, MAX_KEPT);
      const bases = await basesOf(category);
      if (bases.some(({ id }) => id === base.id)) return;
      bases.splice(MAX_BASES - 1);
      bases.push(base);
    },
  };
}

export type Bases = ReturnType<typeof openBases>;

/** Returns the chunk lists of manifests, by their ids, except those that are lost or whose base is. */
export async function readChunkLists(
  db: Database,
  bases: Pick<Bases, "readBases">,
  ids: Iterable<number>,
): Promise<Map<number, ChunkList>> {
  const rows = await listChunkLists(db, ids);
  const found = await bases.readBases(rows.flatMap(({ baseId }) => baseId ?? []));
  return new Map(
    rows.flatMap(({ id, baseId, chunks }): [number, ChunkList][] => {
      if (baseId === null) return [[id, decodeChunkList(chunks)]];
      const base = found.get(baseId);
      return base ? [[id, decodeChunkList(chunks, base)]] : [];
    }),
  );
}
