// What one category may read: a hostile or broken host must not take the sensor's time and memory.
import { TooSlow } from "./collector.ts";
import { limitGarbage } from "./garbage.ts";

export interface Limits {
  /** Also ends a collector that reads all the time; one that does not read is ended from outside. */
  timeMs: number;
  files: number;
  bytes: number;
  /** Names in folders. */
  entries: number;
}

export const LIMITS: Limits = {
  timeMs: 10_000,
  files: 200_000,
  bytes: 256 * 1024 * 1024,
  entries: 2_000_000,
};

/** The category has read as much as it may. */
export class BudgetSpent extends Error {}

export type Budget = ReturnType<typeof openBudget>;

/** Each function throws BudgetSpent, or TooSlow after the end of the time. */
export function openBudget(limits: Limits, now: () => number = performance.now.bind(performance)) {
  const endsAt = now() + limits.timeMs;
  let { files, bytes, entries } = limits;

  function checkTime(): void {
    const nowMs = now();
    if (nowMs > endsAt) throw new TooSlow(`it took more than ${limits.timeMs / 1000} seconds`);
    limitGarbage(nowMs);
  }

  return {
    checkTime,
    takeFile(): void {
      checkTime();
      files -= 1;
      if (files < 0) throw new BudgetSpent(`more than ${limits.files} files`);
    },
    takeBytes(count: number): void {
      bytes -= count;
      if (bytes < 0) throw new BudgetSpent(`more than ${limits.bytes} bytes of all files`);
    },
    takeEntries(count: number): void {
      checkTime();
      entries -= count;
      if (entries < 0) throw new BudgetSpent(`more than ${limits.entries} entries of all folders`);
    },
  };
}
