import { expect, test } from "bun:test";
import { waitUntil } from "./wait-until.ts";

test("waiting ends with what was seen, or with what was waited for", async () => {
  let looks = 0;
  expect(await waitUntil("the third look", () => (++looks === 3 ? "seen" : undefined))).toBe("seen");
  await expect(waitUntil("the impossible", () => false, 50)).rejects.toThrow(
    "Not within 0.05 s: the impossible",
  );
  await expect(waitUntil("a look", () => Promise.reject(new Error("it broke")))).rejects.toThrow("it broke");
});
