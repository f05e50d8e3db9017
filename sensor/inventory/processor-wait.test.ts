import { expect, test } from "bun:test";
import { processorWaitOf } from "./processor-wait.ts";

test("the time that a process waits for a processor only grows, and is zero for one that does not exist", () => {
  const first = processorWaitOf(process.pid);
  expect(first).toBeGreaterThanOrEqual(0);
  expect(processorWaitOf(process.pid)).toBeGreaterThanOrEqual(first);
  expect(processorWaitOf(2 ** 30)).toBe(0);
});
