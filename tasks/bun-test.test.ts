import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../harness/terminal.ts";
import { describeFailures, describeSlowest, parseJUnitCounts } from "./bun-test.ts";
import { SLOW_FILES } from "./slow-files.ts";

test("reads the counts from the outermost element of the report", () => {
  const xml = `<?xml version="1.0"?>
<testsuites name="bun test" tests="12" assertions="30" failures="2" skipped="1" time="1.5">
  <testsuite name="a.test.ts" tests="5" failures="2" skipped="0" />
</testsuites>`;
  expect(parseJUnitCounts(xml)).toMatchObject({ passed: 9, failed: 2, skipped: 1 });
});

test("an empty report has no counts", () => {
  expect(parseJUnitCounts("")).toEqual({ passed: 0, failed: 0, skipped: 0, times: [], failures: [] });
});

test("lists the slowest tests first, with their groups and the time of their file", () => {
  const { times } = parseJUnitCounts(`<testsuites name="bun test" tests="4" skipped="1" time="9">
  <testsuite name="a.test.ts" file="a.test.ts" tests="3" time="4.06">
    <testsuite name="group" file="a.test.ts" line="2" tests="1" time="3.5">
      <testcase name="of &lt;&#105;&gt; &amp; &quot;b&quot;" classname="group" time="2.25" file="a.test.ts" />
    </testsuite>
    <testcase name="short" classname="" time="0.04" file="a.test.ts" />
    <testcase name="left out" classname="" time="0" file="a.test.ts">
      <skipped />
    </testcase>
  </testsuite>
  <testsuite name="b.test.ts" file="b.test.ts" tests="1" time="12">
    <testcase name="long" classname="" time="11.96" file="b.test.ts">
      <failure type="AssertionError" />
    </testcase>
  </testsuite>
</testsuites>`);
  expect(describeSlowest(times, 2)).toBe(
    ' 12.0 s of  12.0 s in b.test.ts: long\n  2.3 s of   4.1 s in a.test.ts: group > of <i> & "b"',
  );
  expect(times).toHaveLength(3);
});

test("lists the failed tests with their messages, which are cut if they are long", () => {
  const { failures } = parseJUnitCounts(`<testsuites name="bun test" tests="4" failures="3" time="9">
  <testcase name="passes" classname="" time="0.1" file="a.test.ts" assertions="1" />
  <testcase name="one" classname="" time="0.1" file="a.test.ts" assertions="1">
    <failure type="AssertionError" message="expected &lt;a&gt;&#10;received b&#10;line 3&#10;">text</failure>
  </testcase>
  <testsuite name="group" file="b.test.ts" tests="2">
    <testcase name="(unnamed)" classname="group" time="0.1" file="b.test.ts" assertions="0">
      <failure type="Error" message="a hook failed">text</failure>
    </testcase>
    <testcase name="left out" classname="group" time="0" file="b.test.ts">
      <skipped />
    </testcase>
    <testcase name="two" classname="group" time="0.1" file="b.test.ts">
      <failure type="TimeoutError" />
    </testcase>
  </testsuite>
</testsuites>`);
  expect(describeFailures(failures, 2)).toBe(
    [
      "failed: a.test.ts: one",
      "    expected <a>",
      "    received b",
      "failed: b.test.ts: group > (unnamed)",
      "    a hook failed",
      "failed: b.test.ts: group > two",
    ].join("\n"),
  );
});

test("the slow files are there", () => {
  expect(Object.keys(SLOW_FILES).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
