import { expect, test } from "bun:test";
import { Problem } from "@attacklens/protocol/problems.ts";
import { openEnrollQueue } from "./enroll-queue.ts";

/** A queue whose work ends when it is told to; `log` says what began and what was refused. */
function held(limits: { running: number; waiting: number }) {
  const queue = openEnrollQueue(() => 0, { ...limits, perSecond: 200 });
  const log: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  function run(name: string): Promise<void> {
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    const work = () => {
      log.push(name);
      return end.promise;
    };
    return queue.run(work).catch((error: unknown) => {
      log.push(`${name}: ${error instanceof Problem ? error.code : (error as Error).message}`);
    });
  }
  return { log, run, end: (name: string) => ends.get(name)!.resolve(), ends };
}

test("a few run at once, the others in the order in which they came, and beyond that 429 is answered", async () => {
  const { log, run, end } = held({ running: 2, waiting: 2 });
  const all = ["a", "b", "c", "d"].map(run);
  await run("e");
  expect(log).toEqual(["a", "b", "e: too-many-requests"]);
  end("b");
  await all[1];
  expect(log.at(-1)).toBe("c");
  const last = run("f");
  for (const name of ["a", "c", "d", "f"]) end(name);
  await Promise.all([...all, last]);
  expect(log).toEqual(["a", "b", "e: too-many-requests", "c", "d", "f"]);
});

test("one that fails makes room like one that succeeds", async () => {
  const { log, run, end, ends } = held({ running: 1, waiting: 1 });
  const [first, second] = [run("a"), run("b")];
  ends.get("a")!.reject(new Error("the database is gone"));
  await first;
  end("b");
  await second;
  expect(log).toEqual(["a", "b", "a: the database is gone"]);
});
