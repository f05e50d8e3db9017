// The shares of check-ins and of long work in the time of an event loop, with a loop whose time is counted.
import { expect, test } from "bun:test";
import { type LongWork, openPace } from "./pace.ts";
import { SHARE } from "./pause-ratio.ts";

/** Callbacks in the order of a real event loop. Time passes only while they work, or nothing is due. */
function openLoop() {
  let ms = 0;
  let soon: (() => void)[] = [];
  const timers: { run: () => void; at: number }[] = [];
  const promisesSettled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    loop: {
      now: () => ms,
      soon: (run: () => void) => void soon.push(run),
      later: (run: () => void, delayMs: number) => void timers.push({ run, at: ms + delayMs }),
    },
    now: () => ms,
    work(spentMs: number) {
      ms += spentMs;
    },
    /** `arrive` handles the requests that have arrived, at the start of each turn of the loop. */
    async runUntil(endsAt: number, arrive: () => void = () => {}): Promise<void> {
      while (ms < endsAt) {
        arrive();
        const due = timers.filter(({ at }) => at <= ms);
        for (const timer of due) timers.splice(timers.indexOf(timer), 1);
        const callbacks = [...due.map(({ run }) => run), ...soon];
        soon = [];
        for (const run of callbacks) {
          run();
          await promisesSettled();
        }
        if (soon.length === 0) ms += 0.5;
      }
    },
  };
}

/** Long work that never ends, in pieces. Returns the time that each kind has taken. */
function workForever(
  { work }: ReturnType<typeof openLoop>,
  pace: ReturnType<typeof openPace>,
  pieces: [LongWork, pieceMs: number][],
) {
  const taken: Partial<Record<LongWork, number>> = {};
  async function repeat(kind: LongWork, pieceMs: number) {
    for (;;) {
      await pace.turn(kind);
      work(pieceMs);
      taken[kind] = (taken[kind] ?? 0) + pieceMs;
    }
  }
  for (const [kind, pieceMs] of pieces) void repeat(kind, pieceMs);
  return taken;
}

/** Check-ins at a rate, each of which takes a part of a millisecond. Returns how long they waited. */
function checkIns(
  { now, work }: ReturnType<typeof openLoop>,
  pace: ReturnType<typeof openPace>,
  { everyMs, takesMs }: { everyMs: number; takesMs: number },
) {
  const waitsMs: number[] = [];
  let dueAt = 0;
  return {
    waitsMs,
    arrive() {
      for (const until = now(); dueAt <= until; dueAt += everyMs) {
        pace.urgent();
        work(takesMs);
        waitsMs.push(now() - dueAt);
      }
    },
  };
}

const sum = (taken: object) => Object.values(taken).reduce((all, ms) => all + ms, 0);

test("without check-ins, long work takes all of the time", async () => {
  const loop = openLoop();
  const taken = workForever(loop, openPace(loop.loop), [["upload", 3]]);
  await loop.runUntil(3_000);
  expect(sum(taken)).toBeGreaterThan(2_990);
});

test("while sensors check in, long work takes a fourth of the time, and check-ins wait for few pieces", async () => {
  const loop = openLoop();
  const pace = openPace(loop.loop);
  const taken = workForever(loop, pace, [
    ["upload", 2],
    ["upload", 2],
    ["export", 1],
  ]);
  const { waitsMs, arrive } = checkIns(loop, pace, { everyMs: 0.2, takesMs: 0.1 });
  await loop.runUntil(1_000, arrive);
  const before = sum(taken);
  waitsMs.length = 0;
  await loop.runUntil(5_000, arrive);
  expect((sum(taken) - before) / 4_000).toBeGreaterThan(SHARE * 0.8);
  expect((sum(taken) - before) / 4_000).toBeLessThan(SHARE * 1.05);
  // A piece, and the check-ins that arrived during it.
  expect(Math.max(...waitsMs)).toBeLessThan(6);
});

test("with more check-ins than the server can answer, long work still takes its share", async () => {
  const loop = openLoop();
  const pace = openPace(loop.loop);
  const taken = workForever(loop, pace, [["job", 2]]);
  // Each turn of the loop handles what has arrived, and others arrive meanwhile.
  await loop.runUntil(4_000, () => {
    for (let request = 0; request < 10; request++) {
      pace.urgent();
      loop.work(0.1);
    }
  });
  expect(sum(taken) / 4_000).toBeGreaterThan(SHARE * 0.8);
  expect(sum(taken) / 4_000).toBeLessThan(SHARE * 1.1);
});

test("a few check-ins do not slow down long work", async () => {
  const loop = openLoop();
  const pace = openPace(loop.loop);
  const taken = workForever(loop, pace, [["upload", 2]]);
  const { arrive } = checkIns(loop, pace, { everyMs: 10, takesMs: 0.1 });
  await loop.runUntil(4_000, arrive);
  expect(sum(taken) / 4_000).toBeGreaterThan(0.95);
});

test("each kind of long work has its turn, whatever waits of another kind", async () => {
  const loop = openLoop();
  const pace = openPace(loop.loop);
  const uploads = Array.from({ length: 100 }, (): [LongWork, number] => ["upload", 6]);
  const taken = workForever(loop, pace, [...uploads, ["page", 6], ["job", 6]]);
  await loop.runUntil(3_000);
  for (const kind of ["upload", "page", "job"] as const) expect(taken[kind]).toBeGreaterThan(950);
});

test("short pieces share a turn, up to the length of a piece", async () => {
  const loop = openLoop();
  const pace = openPace(loop.loop);
  let turns = 0;
  const taken = workForever(loop, pace, [
    ...Array.from({ length: 20 }, (): [LongWork, number] => ["page", 1]),
  ]);
  await loop.runUntil(100, () => void turns++);
  expect(sum(taken)).toBeGreaterThan(98);
  expect(turns).toBeLessThan(25);
});
