import { expect, test } from "bun:test";
import { Problem } from "@attacklens/protocol/problems.ts";
import { openTokenQueue } from "./enrollment-queue.ts";

const LIMITS = { running: 2, batch: 3, gatherMs: 0, waiting: 4, perSecond: 200 };

/** A queue whose batches end on command. `log` has the started batches and the outcome of each request. */
function held(limits = LIMITS) {
  const log: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<(string | Error)[]>>();
  const work = (batch: { valueHash: string; name: string }[]) => {
    const names = batch.map(({ name }) => name).join(" ");
    log.push(names);
    ends.set(names, Promise.withResolvers());
    return ends.get(names)!.promise;
  };
  const queue = openTokenQueue(() => 0, work, limits);
  return {
    log,
    /** A name consists of the token's letter and the host's number. */
    add(name: string): Promise<void> {
      return queue.add({ valueHash: name[0]!, name }).then(
        (outcome) => void log.push(`${name}: ${outcome}`),
        (error: unknown) =>
          void log.push(`${name}: ${error instanceof Problem ? error.code : (error as Error).message}`),
      );
    },
    end(batch: string, outcomes: (string | Error)[] = batch.split(" ").map(() => "done")) {
      ends.get(batch)!.resolve(outcomes);
    },
    fail: (batch: string) => ends.get(batch)!.reject(new Error("the database is gone")),
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

test("requests with one token form a batch, batches of other tokens run in parallel, and each request gets its own outcome", async () => {
  const { log, add, end, turn } = held();
  const first = ["a1", "b1", "a2"].map(add);
  await turn();
  expect(log).toEqual(["a1 a2", "b1"]);
  const next = ["a3", "c1"].map(add);
  await turn();
  expect(log).toHaveLength(2);

  end("a1 a2", ["made", new Error("refused")]);
  await Promise.all([first[0], first[2]]);
  expect(log.slice(2)).toEqual(["a3", "a1: made", "a2: refused"]);
  end("b1");
  await first[1];
  end("a3");
  end("c1");
  await Promise.all(next);
  expect(log.slice(5)).toEqual(["c1", "b1: done", "a3: done", "c1: done"]);
});

test("a token with many waiting requests takes turns with other tokens", async () => {
  const { log, add, end, turn } = held({ ...LIMITS, running: 1, waiting: 10 });
  const all = ["a1", "a2", "a3", "a4", "b1"].map(add);
  await turn();
  end("a1 a2 a3");
  await all[2];
  end("b1");
  await all[4];
  end("a4");
  await Promise.all(all);
  expect(log.filter((line) => !line.includes(":"))).toEqual(["a1 a2 a3", "b1", "a4"]);
});

test("a full queue refuses requests with 429, and accepts them again when a batch begins", async () => {
  const { log, add, end, turn } = held();
  const all = ["a1", "a2", "a3", "a4"].map(add);
  await add("a5");
  expect(log).toEqual(["a5: too-many-requests"]);
  await turn();
  all.push(add("a6"));
  end("a1 a2 a3");
  await all[0];
  end("a4 a6");
  await Promise.all(all);
  expect(log).toContain("a6: done");
});

test("all requests of a failed batch fail, and the next batch starts", async () => {
  const { log, add, end, fail, turn } = held({ ...LIMITS, running: 1 });
  const all = ["a1", "a2", "b1"].map(add);
  await turn();
  fail("a1 a2");
  await all[0];
  end("b1");
  await Promise.all(all);
  expect(log).toEqual(["a1 a2", "b1", "a1: the database is gone", "a2: the database is gone", "b1: done"]);
});

test("a batch waits while each turn brings further requests, and a single request does not wait", async () => {
  const { log, add, turn } = held({ ...LIMITS, gatherMs: 60_000 });
  void ["a1", "a2"].map(add);
  await turn();
  void add("a3");
  await turn();
  expect(log).toEqual([]);
  await turn();
  expect(log).toEqual(["a1 a2 a3"]);
  void add("b1");
  await turn();
  expect(log).toEqual(["a1 a2 a3", "b1"]);
});
