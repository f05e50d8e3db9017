import { expect, test } from "bun:test";
import { axisTop } from "./chart-scale.ts";
import { percentOf } from "./SegmentedBar.tsx";

test("an axis ends at a round number that no value exceeds", () => {
  expect(axisTop([])).toBe(1);
  expect(axisTop([0])).toBe(1);
  expect(axisTop([1])).toBe(1);
  expect(axisTop([3, 2])).toBe(4);
  expect(axisTop([9])).toBe(10);
  expect(axisTop([10])).toBe(10);
  expect(axisTop([11])).toBe(20);
  expect(axisTop([999])).toBe(1_000);
  for (let value = 1; value < 20_000; value += 37) expect(axisTop([value])).toBeGreaterThanOrEqual(value);
});

test("a part is 0% only without hosts, and 100% only with all", () => {
  expect(percentOf(0, 0)).toBe("0%");
  expect(percentOf(0, 10)).toBe("0%");
  expect(percentOf(1, 10_000)).toBe("<1%");
  expect(percentOf(9_999, 10_000)).toBe("99%");
  expect(percentOf(10_000, 10_000)).toBe("100%");
  expect(percentOf(1, 3)).toBe("33%");
});
