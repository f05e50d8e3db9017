import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { processMemory } from "./process-memory.ts";

/** The kernel counts for each processor, and adds that up only for some files. */
const INEXACT_BYTES = 16 * 1024 * 1024;

test.skipIf(process.platform !== "linux")("the memory of this process is that of /proc/self/status", () => {
  const status = readFileSync("/proc/self/status", "utf8");
  const bytesOf = (field: string) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  const { all, own } = processMemory();
  expect(Math.abs(all - bytesOf("VmRSS"))).toBeLessThan(INEXACT_BYTES);
  expect(Math.abs(own - bytesOf("RssAnon"))).toBeLessThan(INEXACT_BYTES);
});
