// The use of PostgreSQL by long work, with a clock that the tests set.
import { expect, test } from "bun:test";
import { LONGEST_MS, openSlots } from "./slots.ts";

/** `use` takes a slot for some time, and records when it began and ended. */
function openClock(pauseRatio = 3) {
  const clock = { ms: 0, pauseRatio };
  const timers: { run: () => void; at: number }[] = [];
  const uses: { kind: string; from: number; until: number }[] = [];
  const later = (run: () => void, delayMs: number) => void timers.push({ run, at: clock.ms + delayMs });
  const { slot } = openSlots({ now: () => clock.ms, later, pauseRatio: () => clock.pauseRatio });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    clock,
    uses,
    slot,
    settled,
    async use(kind: Parameters<typeof slot>[0], ms: number): Promise<void> {
      const release = await slot(kind);
      const use = { kind, from: clock.ms, until: Number.POSITIVE_INFINITY };
      uses.push(use);
      await new Promise<void>((resolve) => later(resolve, ms));
      use.until = clock.ms;
      release();
    },
    async runUntil(endMs: number): Promise<void> {
      for (; clock.ms < endMs; clock.ms++) {
        const due = timers.filter(({ at }) => at <= clock.ms);
        for (const timer of due) {
          timers.splice(timers.indexOf(timer), 1);
          timer.run();
        }
        await settled();
      }
    },
  };
}

test("without many check-ins, nothing waits", async () => {
  const { uses, use, settled } = openClock(0);
  for (let number = 0; number < 5; number++) void use("upload", 10);
  await settled();
  expect(uses.map(({ from }) => from)).toEqual([0, 0, 0, 0, 0]);
});

test("while many sensors check in, uses of a kind follow one another, with pauses", async () => {
  const { uses, use, runUntil } = openClock(3);
  for (let number = 0; number < 4; number++) void use("upload", 10);
  await runUntil(200);
  expect(uses.map(({ from }) => from)).toEqual([0, 40, 80, 120]);
});

test("a kind does not wait for another", async () => {
  const { uses, use, runUntil } = openClock(3);
  for (const kind of ["page", "export", "upload", "job"] as const)
    for (let number = 0; number < 2; number++) void use(kind, 10);
  await runUntil(100);
  const starts = Object.groupBy(uses, ({ kind }) => kind);
  for (const kind of ["page", "export", "upload", "job"])
    expect(starts[kind]?.map(({ from }) => from)).toEqual([0, 40]);
});

test("a slow statement blocks others for a limited time, and is not counted twice at its end", async () => {
  const { uses, use, runUntil } = openClock(3);
  void use("page", 10_000);
  void use("page", 10);
  void use("page", 10);
  await runUntil(11_000);
  expect(uses.map(({ from }) => from)).toEqual([0, 4 * LONGEST_MS, 4 * LONGEST_MS + 40]);
});

test("work that takes a second slot of its kind gets it", async () => {
  const { slot, clock, runUntil } = openClock(3);
  const release = await slot("page");
  const second = slot("page").then((releaseSecond) => {
    releaseSecond();
    return clock.ms;
  });
  await runUntil(5 * LONGEST_MS);
  release();
  expect(await second).toBe(4 * LONGEST_MS);
});

test("when fewer sensors check in, all that wait begin", async () => {
  const { uses, use, clock, runUntil } = openClock(3);
  for (let number = 0; number < 4; number++) void use("upload", 10);
  await runUntil(5);
  clock.pauseRatio = 0;
  await runUntil(20);
  expect(uses.map(({ from }) => from)).toEqual([0, 10, 10, 10]);
});
