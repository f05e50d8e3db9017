import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { processMemory } from "./process-memory.ts";

const BIG_BYTES = 64 * 1024 * 1024;

test.skipIf(process.platform !== "linux")("the memory of this process is that of /proc/self/status", () => {
  const status = readFileSync("/proc/self/status", "utf8");
  const bytesOf = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  const { all, own } = processMemory();
  expect(Math.abs(all - bytesOf("VmRSS"))).toBeLessThan(BIG_BYTES / 4);
  expect(Math.abs(own - bytesOf("RssAnon"))).toBeLessThan(BIG_BYTES / 4);
});

test("what this process takes counts as its memory", () => {
  const before = processMemory();
  const taken = Buffer.alloc(BIG_BYTES, 1);
  const { all, own } = processMemory();
  expect(all - before.all).toBeGreaterThan(BIG_BYTES / 2);
  expect(own - before.own).toBeGreaterThan(BIG_BYTES / 2);
  expect(taken[0]).toBe(1);
});
