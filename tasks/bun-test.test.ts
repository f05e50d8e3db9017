import { expect, test } from "bun:test";
import { parseJUnitCounts } from "./bun-test.ts";

test("counts come from the outermost element of the report", () => {
  const xml = `<?xml version="1.0"?>
<testsuites name="bun test" tests="12" assertions="30" failures="2" skipped="1" time="1.5">
  <testsuite name="a.test.ts" tests="5" failures="2" skipped="0" />
</testsuites>`;
  expect(parseJUnitCounts(xml)).toEqual({ passed: 9, failed: 2, skipped: 1 });
});

test("a report that was cut off before its first element counts nothing", () => {
  expect(parseJUnitCounts("")).toEqual({ passed: 0, failed: 0, skipped: 0 });
});
