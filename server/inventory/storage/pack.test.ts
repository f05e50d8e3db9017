import { expect, test } from "bun:test";
import {
  type ChunkFacts,
  compressTexts,
  decompressTexts,
  itemsOfText,
  packItem,
  textOfItems,
} from "./pack.ts";

const items = Array.from(
  { length: 12 },
  (_, index) => `{"key":"package-${index}","name":"package-${index}"}`,
);
const packedText = (some: string[]) => textOfItems(some.map(packItem));
const factsOf = (texts: string[]): ChunkFacts[] =>
  texts.map((text, bucket) => ({
    category: "packages",
    bucket,
    itemCount: 12,
    sizeBytes: Buffer.byteLength(text) + 2,
  }));

test("chunks are the same after compression, alone and with a base", async () => {
  const base = [packedText(items), packedText(items.slice(3))];
  const texts = [packedText([...items, `{"key":"ä","text":"one\\ntwo\\ttabs"}`]), packedText(items.slice(1))];
  for (const dictionary of [[], base]) {
    const content = await compressTexts(texts, dictionary);
    expect(decompressTexts(content, factsOf(texts), dictionary)).toEqual(texts);
  }
  expect(itemsOfText(texts[1]!)).toEqual(items.slice(1).map(packItem));
});

test("a changed chunk takes a few bytes with its base", async () => {
  const base = packedText(items);
  const changed = packedText(items.with(5, `{"key":"package-5","name":"package-5","held":true}`));
  expect((await compressTexts([changed], [base])).length).toBeLessThan(60);
});

test("megabytes are compressed in a thread, with a base of the same size", async () => {
  const text = packedText(Array.from({ length: 20_000 }, (_, index) => `{"key":"package-${index}"}`));
  const content = await compressTexts([text], [text]);
  expect(content.length).toBeLessThan(5_000);
  expect(decompressTexts(content, factsOf([text]), [text])).toEqual([text]);
});

test("content that is longer than its chunks is not read", async () => {
  const content = await compressTexts(["x".repeat(1_000_000)], []);
  expect(() =>
    decompressTexts(content, [{ category: "packages", bucket: 0, itemCount: 1, sizeBytes: 1_000 }], []),
  ).toThrow();
});
