import { expect, test } from "bun:test";
import { activeEntry } from "./active-entry.ts";

test("the active entry is the one with the longest matching path", () => {
  const entries = ["/sensors", "/sensors/tokens"];
  expect(activeEntry("/sensors", entries)).toBe("/sensors");
  expect(activeEntry("/sensors/sen_1/packages", entries)).toBe("/sensors");
  expect(activeEntry("/sensors/tokens/new", entries)).toBe("/sensors/tokens");
  expect(activeEntry("/sensors-old", entries)).toBeUndefined();
});
