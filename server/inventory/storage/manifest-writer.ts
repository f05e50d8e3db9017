// Stores manifests: the chunk lists of contents, each as the difference from the list of a similar host.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { openBatcher } from "../../batcher.ts";
import { setBounded } from "../../bounded-map.ts";
import type { Database } from "../../db/schema.ts";
import { openTurns } from "../../turns.ts";
import { type Bases, readChunkLists } from "./bases.ts";
import { type ChunkList, countCommon, encodeChunkList, type NewChunkList } from "./chunk-list.ts";
import type { StoredChunk } from "./chunk-writer.ts";
import { insertManifests, listManifests, type ManifestKey, type NewManifest } from "./manifests-store.ts";
import { itemsOfText } from "./pack.ts";
import { type Packs, unlessDamaged } from "./packs.ts";

/** The content of a category. */
export interface Content {
  scopeId: number;
  category: Category;
  /** See `keyOf`. */
  root: string;
  /** Of a stored manifest. */
  manifestId?: number;
  /** Of a manifest that may be new. */
  list?: ChunkList;
  /** The base of the sensor's current list. Absent: it has none, or it is not known. */
  ownBase?: number | undefined;
  /** Of the chunks that the same transaction stores. */
  texts?: ReadonlyMap<number, string>;
  itemCount?: number;
  totalItems?: number | null;
  gaps?: string | null;
}

/** A content with uploaded chunks that are not stored yet. */
export type NewContent = Omit<Content, "list" | "texts"> & { list?: NewChunkList };

/** Returns the content with the numbers of its chunks. */
export function withNumbers({ list, ...rest }: NewContent, uploaded: (hash: string) => StoredChunk): Content {
  if (!list) return rest;
  const texts = new Map<number, string>();
  const numbers = new Map<number, number>();
  for (const [bucket, listed] of list) {
    if (typeof listed === "number") numbers.set(bucket, listed);
    else {
      const { chunk, text } = uploaded(listed);
      numbers.set(bucket, chunk);
      texts.set(chunk, text);
    }
  }
  return { ...rest, list: numbers, texts };
}

/** A list that has fewer chunks in common with its base is complete, and a base for the lists of others. */
const LEAST_COMMON = 0.25;
/** Roots of a few hundred images. */
const MAX_KNOWN = 20_000;

export function openManifestWriter(db: Database, { packs, bases }: { packs: Packs; bases: Bases }) {
  const known = new Map<string, number>();

  /** Makes the manifests of the roots known. Sensors that check in together share one query. */
  const reads = openBatcher<string[], true>({
    ...{ running: 1, take: (waiting) => ({ batch: waiting, rest: [] }) },
    async work(all) {
      for (const row of await listManifests(db, [...new Set(all.flat())]))
        setBounded(known, textOf(row), row.id, MAX_KNOWN);
      return all.map(() => true);
    },
  });

  async function findAll(keys: readonly ManifestKey[]): Promise<Map<string, number>> {
    const missing = keys.filter((key) => !known.has(textOf(key)));
    if (missing.length > 0) await reads.add(missing.map(({ root }) => root));
    return new Map(
      keys.flatMap((key) => (known.has(textOf(key)) ? [[textOf(key), known.get(textOf(key))!]] : [])),
    );
  }

  async function newManifest(content: Content) {
    const { scopeId, category, root, ownBase, itemCount, totalItems = null, gaps = null } = content;
    const list = content.list!;
    const base = await bases.closest(category, list, ownBase);
    const isSimilar = base && countCommon(list, base.list) >= list.size * LEAST_COMMON;
    const manifest: NewManifest = {
      ...{ scopeId, category, root, itemCount: itemCount!, totalItems, gaps },
      baseId: isSimilar ? base.id : null,
      chunks: encodeChunkList(list, isSimilar ? base.list : undefined),
    };
    return { manifest, list };
  }

  return {
    /** Returns the manifests of these contents that are stored, as far as they are. */
    async find(
      scopeId: number,
      wanted: { category: Category; root: string }[],
    ): Promise<Map<Category, Content>> {
      const keys = wanted.map(({ category, root }) => ({ scopeId, category, root }));
      const ids = await findAll(keys);
      return new Map(
        keys.flatMap((key): [Category, Content][] => {
          const manifestId = ids.get(textOf(key));
          return manifestId === undefined ? [] : [[key.category, { ...key, manifestId }]];
        }),
      );
    },

    /** Returns the JSON of the items of a content, or no items if it cannot be read. */
    async readItems({ manifestId, list, texts = new Map() }: Content): Promise<string[]> {
      const chunks = list ?? (await readChunkLists(db, bases, [manifestId!])).get(manifestId!);
      if (!chunks) return [];
      const stored = [...chunks.values()].filter((chunk) => !texts.has(chunk));
      const read = await unlessDamaged(packs.readTexts(stored), undefined);
      return read ? [...texts.values(), ...read].flatMap(itemsOfText).map(({ json }) => json) : [];
    },

    /** Prepares what a transaction inserts. */
    async prepare(contents: readonly Content[]) {
      const unknown = contents.filter(({ manifestId }) => manifestId === undefined);
      const stored = new Map<string, number>();
      const added = new Map<string, Awaited<ReturnType<typeof newManifest>>>();
      const turns = openTurns("write");
      for (const content of unknown) {
        if (turns.isOver()) await turns.next();
        const key = textOf(content);
        const id = known.get(key);
        if (id !== undefined) stored.set(key, id);
        else if (!added.has(key)) added.set(key, await newManifest(content));
      }
      const inserted = new Map<string, number>();
      const late = new Map<string, number>();
      return {
        /** Returns the id of each content's manifest. */
        async insert(tx: Database): Promise<Map<Content, number>> {
          inserted.clear();
          late.clear();
          const manifests = Array.from(added.values(), ({ manifest }) => manifest);
          for (const row of await insertManifests(tx, manifests)) inserted.set(textOf(row), row.id);
          // The others were stored before, perhaps by another server with another base.
          const others = manifests.filter((manifest) => !inserted.has(textOf(manifest)));
          for (const row of await listManifests(
            tx,
            others.map(({ root }) => root),
          ))
            late.set(textOf(row), row.id);
          const idOf = (key: string) => stored.get(key) ?? inserted.get(key) ?? late.get(key)!;
          return new Map(contents.map((content) => [content, content.manifestId ?? idOf(textOf(content))]));
        },
        /** Makes the inserted manifests known. */
        async committed(): Promise<void> {
          for (const [key, id] of inserted) {
            setBounded(known, key, id, MAX_KNOWN);
            const { manifest, list } = added.get(key)!;
            if (manifest.baseId === null) await bases.add(manifest.category as Category, { id, list });
          }
        },
      };
    },
  };
}

export type ManifestWriter = ReturnType<typeof openManifestWriter>;

function textOf({ scopeId, category, root }: ManifestKey): string {
  return `${scopeId} ${category} ${root}`;
}
