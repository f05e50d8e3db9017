// A collected category as it is reported: cut into chunks that the server accepts. Of a list that is too
// large, it keeps the first items, and the number of all.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf, type Chunk } from "@attacklens/protocol/inventory/chunks.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import {
  MAX_CATEGORY_BYTES,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_ITEMS,
} from "@attacklens/protocol/inventory/limits.ts";
import { limitGarbage } from "../collectors/garbage.ts";
import type { CategoryResult, Collected, CollectedCount, Uncollected } from "../collectors/result.ts";
import type { SeenFiles } from "../collectors/seen-files.ts";
import { type ItemTexts, openItemTexts } from "./item-texts.ts";

export interface CutItems {
  status: "collected";
  /** In bucket order. */
  chunks: Chunk[];
  /** The number of items on the host, if the chunks have only the first of them. */
  totalItems?: number;
  gaps?: Gap[];
  durationMs?: number;
  seen?: SeenFiles | undefined;
}

export type CutResult = CutItems | Uncollected;

/** Only the categories that were collected so far. */
export type Inventory = Partial<Record<Category, CutResult>>;

/** Whether the category was tried and has no items. */
export function hasFailed(result: CutResult): boolean {
  return "reason" in result && result.status !== "absent";
}

/** Part of the items that stays when the chunks are too large. */
const KEPT_PART = 0.75;

/** A category whose chunks are not yet put together: that takes their memory twice. */
export type CutTexts = Omit<CutItems, "chunks"> & { chunks: TextChunk[] };

type TextChunk = Omit<Chunk, "content"> & { content(): Uint8Array };

export function cutTexts(category: Category, result: CollectedCount, texts: ItemTexts): CutTexts {
  const items = texts.sorted().map(({ nth, key }, place): Member => {
    if (place % 1_000 === 0) limitGarbage();
    return { nth, bytes: texts.bytesOf(nth), bucket: bucketOf(category, key) };
  });
  const totalItems = result.totalItems ?? items.length;
  while (!fits(items)) items.length = Math.floor(items.length * KEPT_PART);
  return { ...result, chunks: cut(items, texts), ...(totalItems > items.length ? { totalItems } : {}) };
}

export function cutCategory<C extends Category>(category: C, result: CategoryResult<C>): CutResult {
  if (result.status !== "collected") return result;
  const { items, ...others } = result;
  const texts = openItemTexts();
  for (const item of items) texts.add(item);
  const cut = cutTexts(category, others, texts);
  const chunks = cut.chunks.map(({ content, ...chunk }) => ({
    ...chunk,
    content: Buffer.from(content()).toString(),
  }));
  return { ...cut, chunks };
}

export function cutInventory(collected: Collected): Inventory {
  return Object.fromEntries(
    CATEGORIES.map((category) => [category, cutCategory(category, collected[category])]),
  );
}

/** An item of a chunk. */
interface Member {
  nth: number;
  bytes: number;
  bucket: number;
}

/** The same chunks as `cutChunks` makes of the items. */
function cut(items: readonly Member[], texts: ItemTexts): TextChunk[] {
  const members = new Map<number, number[]>();
  for (const { nth, bucket } of items) {
    const known = members.get(bucket);
    if (known) known.push(nth);
    else members.set(bucket, [nth]);
  }
  return [...members]
    .sort(([left], [right]) => left - right)
    .map(([, chunk]) => {
      limitGarbage();
      return {
        hash: sha256(piecesOf(chunk, texts)),
        itemCount: chunk.length,
        content: () => Buffer.concat([...piecesOf(chunk, texts)]),
      };
    });
}

const MARKS = { open: Buffer.from("["), comma: Buffer.from(","), close: Buffer.from("]") };

function* piecesOf(items: readonly number[], texts: ItemTexts): Generator<Uint8Array> {
  for (const [place, nth] of items.entries()) {
    yield place === 0 ? MARKS.open : MARKS.comma;
    yield texts.read(nth);
  }
  yield MARKS.close;
}

/** Whether the chunks are small enough. */
function fits(items: readonly Member[]): boolean {
  const chunks = new Map<number, { bytes: number; items: number }>();
  for (const { bytes, bucket } of items) {
    // The brackets, and a comma after each item but the last.
    const chunk = chunks.get(bucket) ?? { bytes: 1, items: 0 };
    chunk.bytes += bytes + 1;
    chunk.items += 1;
    chunks.set(bucket, chunk);
  }
  const all = [...chunks.values()];
  const sum = all.reduce((total, chunk) => total + chunk.bytes, 0);
  return (
    sum <= MAX_CATEGORY_BYTES &&
    all.every((chunk) => chunk.bytes <= MAX_CHUNK_BYTES && chunk.items <= MAX_CHUNK_ITEMS)
  );
}

function sha256(pieces: Iterable<Uint8Array>): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
