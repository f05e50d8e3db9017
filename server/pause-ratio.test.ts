// The pauses of long work, with a clock that the tests set.
import { expect, test } from "bun:test";
import { openPauseRatio, PAUSE_RATIO } from "./pause-ratio.ts";

function openClock() {
  let now = 0;
  const { present, committed } = openPauseRatio(() => now);
  return {
    present,
    /** Commits of check-ins, one after another, for some time. */
    commit({ forMs, waitedMs, commitMs }: { forMs: number; waitedMs: number; commitMs: number }): void {
      for (const endsAt = now + forMs; now < endsAt; ) {
        now += Math.max(waitedMs, 1);
        committed(waitedMs, commitMs);
      }
    },
  };
}

test("pauses get longer while check-ins wait, up to a limit, and shorter afterwards", () => {
  const { present, commit } = openClock();
  expect(present()).toBe(PAUSE_RATIO.first);
  commit({ forMs: 300, waitedMs: 12, commitMs: 0.5 });
  expect(present()).toBeGreaterThan(PAUSE_RATIO.first);
  expect(present()).toBeLessThan(PAUSE_RATIO.most);
  commit({ forMs: 2_000, waitedMs: 12, commitMs: 0.5 });
  expect(present()).toBe(PAUSE_RATIO.most);
  commit({ forMs: 1_000, waitedMs: 2, commitMs: 0.5 });
  expect(present()).toBeLessThan(PAUSE_RATIO.most);
  commit({ forMs: 10_000, waitedMs: 2, commitMs: 0.5 });
  expect(present()).toBe(PAUSE_RATIO.least);
});

test("a slow disk makes no pause longer", () => {
  const { present, commit } = openClock();
  commit({ forMs: 10_000, waitedMs: 30, commitMs: 10 });
  expect(present()).toBe(PAUSE_RATIO.least);
});

test("a disk that has become slow makes no pause longer after a minute", () => {
  const { present, commit } = openClock();
  commit({ forMs: 1_000, waitedMs: 2, commitMs: 0.5 });
  commit({ forMs: 5_000, waitedMs: 30, commitMs: 10 });
  expect(present()).toBe(PAUSE_RATIO.most);
  commit({ forMs: 60_000, waitedMs: 30, commitMs: 10 });
  commit({ forMs: 10_000, waitedMs: 30, commitMs: 10 });
  expect(present()).toBe(PAUSE_RATIO.least);
});

test("one long wait among many short ones makes no pause longer", () => {
  const { present, commit } = openClock();
  for (let window = 0; window < 100; window++) {
    commit({ forMs: 80, waitedMs: 1, commitMs: 0.5 });
    commit({ forMs: 20, waitedMs: 20, commitMs: 0.5 });
  }
  expect(present()).toBe(PAUSE_RATIO.least);
});
