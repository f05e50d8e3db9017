// A pack: chunks that were uploaded together, compressed together, because single chunks are too short to
// compress well. The dictionary is the text of its base: the chunks of the same buckets on a similar host.
import { constants, type ZstdOptions, zstdCompress, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { InventoryPackTable } from "../../db/schema-inventory.ts";
import { foldItem, unfoldItem } from "./fold-item.ts";
import { readVarints, writeVarints } from "./varints.ts";

/** A chunk without its content. */
export interface ChunkFacts {
  category: string;
  bucket: number;
  itemCount: number;
  /** The size of the canonical JSON in UTF-8. */
  sizeBytes: number;
}

/** The highest one that takes about the time of the default one with a dictionary. */
const LEVEL = 9;
/** Takes much longer for a small pack, and a little longer for one that is compressed in a thread. */
const LEVEL_OF_LARGE = 11;
/** As large as the largest pack with its base. */
const MAX_WINDOW_LOG = 23;
/** More than this is compressed in a thread, because a megabyte takes 20 ms. */
const MAX_SYNC_CHARACTERS = 100_000;
/** Separate the items of a chunk and the chunks of a pack. JSON escapes both. */
const [BETWEEN_ITEMS, BETWEEN_CHUNKS] = ["\t", "\n"];

/** The canonical JSON of an item, and its text in a pack. */
export interface PackedItem {
  json: string;
  packed: string;
}

export function packItem(json: string): PackedItem {
  return { json, packed: foldItem(json) };
}

/** Returns the text of a chunk in a pack. */
export function textOfItems(items: readonly PackedItem[]): string {
  return items.map(({ packed }) => packed).join(BETWEEN_ITEMS);
}

/** Returns the items of a chunk, in their order. */
export function itemsOfText(text: string): PackedItem[] {
  return text.split(BETWEEN_ITEMS).map((packed) => ({ json: unfoldItem(packed), packed }));
}

/** The facts of the chunks of a pack, as the database stores them. */
type StoredFacts = Pick<InventoryPackTable, "categories" | "chunks">;

/** For each chunk: the place of its category among the categories, and the other facts. */
export function encodeFacts(chunks: readonly ChunkFacts[]): StoredFacts {
  const categories = [...new Set(chunks.map(({ category }) => category))];
  const numbers = chunks.flatMap(({ category, bucket, itemCount, sizeBytes }) => [
    ...[categories.indexOf(category), bucket, itemCount, sizeBytes],
  ]);
  return { categories: categories.join(), chunks: writeVarints(numbers) };
}

export function decodeFacts({ categories, chunks }: StoredFacts): ChunkFacts[] {
  const names = categories.split(",");
  const numbers = readVarints(chunks);
  return Array.from({ length: numbers.length / 4 }, (_, place) => ({
    category: names[numbers[4 * place]!] ?? "",
    bucket: numbers[4 * place + 1]!,
    itemCount: numbers[4 * place + 2]!,
    sizeBytes: numbers[4 * place + 3]!,
  }));
}

export async function compressTexts(texts: readonly string[], base: readonly string[]): Promise<Uint8Array> {
  const text = texts.join(BETWEEN_CHUNKS);
  const dictionary = dictionaryOf(base);
  const size = text.length + (dictionary?.length ?? 0);
  const options: ZstdOptions = {
    ...(dictionary ? { dictionary } : {}),
    params: {
      [constants.ZSTD_c_compressionLevel]: size > MAX_SYNC_CHARACTERS ? LEVEL_OF_LARGE : LEVEL,
      // Otherwise the compressor clears tables for megabytes before it reads the first byte.
      [constants.ZSTD_c_windowLog]: Math.min(MAX_WINDOW_LOG, Math.max(10, Math.ceil(Math.log2(size)) + 1)),
      [constants.ZSTD_c_contentSizeFlag]: 0,
      [constants.ZSTD_c_dictIDFlag]: 0,
    },
  };
  if (size <= MAX_SYNC_CHARACTERS) return zstdCompressSync(text, options);
  return await new Promise((resolve, reject) =>
    zstdCompress(text, options, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  );
}

/** Returns the texts of the chunks. Throws if the content has more than the bytes of its chunks. */
export function decompressTexts(
  content: Uint8Array,
  chunks: readonly ChunkFacts[],
  base: readonly string[],
): string[] {
  const dictionary = dictionaryOf(base);
  const maxOutputLength = chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const text = zstdDecompressSync(content, { ...(dictionary ? { dictionary } : {}), maxOutputLength });
  const texts = text.toString("utf8").split(BETWEEN_CHUNKS);
  if (texts.length !== chunks.length)
    throw new Error(`A pack has ${texts.length} chunks in place of ${chunks.length}`);
  return texts;
}

function dictionaryOf(base: readonly string[]): Buffer | undefined {
  return base.length === 0 ? undefined : Buffer.from(base.join(BETWEEN_CHUNKS));
}
