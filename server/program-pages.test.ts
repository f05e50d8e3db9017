import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { openProgramPages } from "./program-pages.ts";

const filePagesKib = () =>
  Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]);

test.skipIf(process.platform !== "linux")("a process that lets go of the program's pages goes on", () => {
  const { release: letGo } = openProgramPages();
  const before = filePagesKib();
  letGo();
  // The runtime's code is 60 MB, and a test needs less than half of what it has used.
  expect(filePagesKib()).toBeLessThan(before - 5_000);
  expect(JSON.parse(JSON.stringify({ works: [1, "two"] }))).toEqual({ works: [1, "two"] });
});
