import { expect, test } from "bun:test";
import { openSeenKeys } from "./seen-keys.ts";

test("counts each key once, also in long lists", () => {
  const seen = openSeenKeys();
  for (let nth = 0; nth < 100_000; nth++) expect(seen.add(`user:u${nth}`)).toBe(true);
  for (let nth = 0; nth < 100_000; nth += 7) expect(seen.add(`user:u${nth}`)).toBe(false);
  expect(seen.add("")).toBe(true);
  expect(seen.add("")).toBe(false);
  expect(seen.count()).toBe(100_001);
});

test("counts keys beyond its size as new ones", () => {
  const seen = openSeenKeys();
  for (let nth = 0; nth < 500_010; nth++) seen.add(`${nth}`);
  seen.add("500009");
  expect(seen.count()).toBe(500_011);
});
