import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./command.ts";
import { disableOptimizers } from "./unoptimized-runtime.ts";

const isSupported = process.platform === "linux" && process.arch === "x64";
/** Prints how often a busy function was compiled; a million without a compiler. */
const BUSY = `
  const { numberOfDFGCompiles } = require("bun:jsc");
  const sum = (to) => { let all = 0; for (let each = 0; each < to; each += 1) all += each; return all; };
  const endsAt = performance.now() + 20_000;
  while (numberOfDFGCompiles(sum) === 0 && performance.now() < endsAt) sum(10_000);
  console.log(numberOfDFGCompiles(sum));`;

describe("a runtime without optimizing compilers", () => {
  test.skipIf(!isSupported)("runs code and optimizes none of it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unoptimized-"));
    try {
      const runtime = join(folder, "runtime");
      copyFileSync(process.execPath, runtime);
      const before = await runCommand([runtime, "-e", BUSY]);
      expect(Number(before.stdout)).toBeLessThan(1_000);
      disableOptimizers(runtime);
      const after = await runCommand([runtime, "-e", BUSY]);
      expect(after.stdout.trim()).toBe("1000000");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.skipIf(!isSupported)("is not made of another program", () => {
    const folder = mkdtempSync(join(tmpdir(), "unoptimized-"));
    try {
      const program = join(folder, "program");
      copyFileSync("/bin/sh", program);
      expect(() => disableOptimizers(program)).toThrow("it is another version of Bun");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
