import { expect, test } from "bun:test";
import { activeEntry } from "./active-entry.ts";

test("the entry with the longest path is the current one", () => {
  const entries = ["/sensors", "/sensors/tokens"];
  expect(activeEntry("/sensors", entries)).toBe("/sensors");
  expect(activeEntry("/sensors/sen_1/packages", entries)).toBe("/sensors");
  expect(activeEntry("/sensors/tokens/new", entries)).toBe("/sensors/tokens");
  expect(activeEntry("/sensors-old", entries)).toBeUndefined();
});
