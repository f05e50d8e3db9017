import { expect, test } from "bun:test";
import { readStartFromPs, startOfProcess } from "./process-start.ts";

test("two processes have different starts, and each keeps its own", async () => {
  const other = Bun.spawn(["sleep", "60"]);
  const start = startOfProcess(other.pid);
  expect(start).toMatch(/^\d+$/);
  expect(startOfProcess(other.pid)).toBe(start);
  expect(startOfProcess(process.pid)).not.toBe(start);
  other.kill("SIGKILL");
  await other.exited;
  expect(startOfProcess(other.pid)).toBeUndefined();
});

// The text of ps is the same on macOS and Linux.
test.skipIf(Bun.which("/bin/ps") === null)("ps says the start in seconds", () => {
  const seconds = Number(readStartFromPs(process.pid));
  const age = Date.now() / 1_000 - seconds;
  expect(Number.isInteger(seconds)).toBe(true);
  expect(Math.abs(age - process.uptime())).toBeLessThan(60);
  expect(readStartFromPs(4_194_304)).toBeUndefined();
});
