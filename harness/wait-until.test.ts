import { expect, test } from "bun:test";
import { waitUntil } from "./wait-until.ts";

test("returns the first truthy result, and fails with the description at the deadline", async () => {
  let polls = 0;
  expect(await waitUntil("the third poll", () => (++polls === 3 ? "seen" : undefined))).toBe("seen");
  await expect(waitUntil("the impossible", () => false, 50)).rejects.toThrow(
    "Not within 0.05 s: the impossible",
  );
  await expect(waitUntil("a poll", () => Promise.reject(new Error("it broke")))).rejects.toThrow("it broke");
});
