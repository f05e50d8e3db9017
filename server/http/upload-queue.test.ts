import { expect, test } from "bun:test";
import { openUploadQueue } from "./upload-queue.ts";

const LIMITS = { running: 2, waiting: 3, waitMs: 60_000, perSecond: 1 };

function openQueue(limits = LIMITS) {
  const queue = openUploadQueue(() => 0, limits);
  const begun: string[] = [];
  const releases = new Map<string, () => void>();
  return {
    begun,
    async begin(name: string): Promise<void> {
      const { release } = await queue.begin();
      begun.push(name);
      releases.set(name, release);
    },
    async end(name: string): Promise<void> {
      releases.get(name)!();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

test("uploads beyond the limit wait, and run in the order of their arrival", async () => {
  const { begun, begin, end } = openQueue();
  const all = Promise.all(["a", "b", "c", "d", "e"].map(begin));
  await Promise.resolve();
  expect(begun).toEqual(["a", "b"]);
  await end("b");
  expect(begun).toEqual(["a", "b", "c"]);
  for (const name of ["a", "c"]) await end(name);
  await all;
  expect(begun).toEqual(["a", "b", "c", "d", "e"]);
  for (const name of ["d", "e"]) await end(name);
  await Promise.all([begin("f"), begin("g")]);
  expect(begun.slice(5)).toEqual(["f", "g"]);
});

test("an upload is refused with a time for its retry if too many wait", async () => {
  const { begin, end } = openQueue();
  const all = Promise.all(["a", "b", "c", "d", "e"].map(begin));
  await expect(begin("f")).rejects.toMatchObject({
    code: "too-many-requests",
    extras: { retryAfterSeconds: expect.any(Number) },
  });
  await end("a");
  const late = begin("f");
  for (const name of ["b", "c", "d"]) await end(name);
  await Promise.all([all, late]);
});

test("an upload is refused if it waits for too long, and leaves its place to the next", async () => {
  const { begun, begin, end } = openQueue({ ...LIMITS, waitMs: 1 });
  await Promise.all([begin("a"), begin("b")]);
  await expect(begin("c")).rejects.toMatchObject({ code: "too-many-requests" });
  await end("a");
  await begin("d");
  expect(begun).toEqual(["a", "b", "d"]);
});
