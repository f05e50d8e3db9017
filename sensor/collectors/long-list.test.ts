import { expect, test } from "bun:test";
import { openLongList } from "./long-list.ts";

test("a long list has its elements in order, as often as they are listed", () => {
  const list = openLongList<{ nth: number; text?: string | undefined }>();
  const elements = Array.from({ length: 12_000 }, (_, nth) => ({
    nth,
    text: nth % 3 === 0 ? "\nü".repeat(nth % 300) : undefined,
  }));
  // Longer than a part.
  elements.push({ nth: 12_000, text: "x".repeat(600_000) }, { nth: 12_001, text: "" });
  for (const element of elements) list.push(element);
  expect(list.count()).toBe(12_002);
  expect([...list]).toEqual(elements);
  expect([...list.drain()]).toEqual(elements);
});

test("an empty list has no elements", () => {
  expect([...openLongList<string>().drain()]).toEqual([]);
});
