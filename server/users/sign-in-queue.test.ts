import { expect, test } from "bun:test";
import { openSignInQueue, type SignInQueueLimits } from "./sign-in-queue.ts";

const LIMITS = { running: 2, runningPerAddress: 2, waiting: 8, waitingPerAddress: 6, waitMs: 60_000 };

/** Waits until all work that can run now has run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A queue whose password checks end on command. */
function openHeld(limits: Partial<SignInQueueLimits> = {}) {
  const queue = openSignInQueue({ ...LIMITS, ...limits });
  const started: { name: string; end: () => void }[] = [];
  const refused: string[] = [];
  const runs: Promise<void>[] = [];
  return {
    started: () => started.map(({ name }) => name).join(" "),
    refused: () => refused.join(" "),
    send(address: string, count = 1, { network = address, isKnown = false } = {}): Promise<void>[] {
      for (let n = 1; n <= count; n++) {
        const name = `${address}${n}`;
        const check = () => new Promise<void>((end) => void started.push({ name, end }));
        runs.push(
          queue
            .run({ group: { address, network }, isKnown }, check)
            .catch((error) => void refused.push(`${name}:${error.code}`)),
        );
      }
      return runs.slice(-count);
    },
    async end(index: number) {
      await turn();
      started[index]!.end();
      await turn();
    },
    async settle() {
      for (let index = 0; index < started.length; index++) await this.end(index);
      await Promise.all(runs);
    },
  };
}

test("many requests of one address do not delay other addresses", async () => {
  const held = openHeld();
  held.send("a", 6);
  held.send("b");
  await held.end(0);
  await held.end(1);
  await held.settle();
  expect(held.started()).toBe("a1 a2 a3 b1 a4 a5 a6");
  expect(held.refused()).toBe("");
});

test("one address never uses all running checks", async () => {
  const held = openHeld({ runningPerAddress: 1 });
  held.send("a", 3);
  held.send("b");
  await turn();
  expect(held.started()).toBe("a1 b1");
  await held.settle();
  expect(held.started()).toBe("a1 b1 a2 a3");
});

test("a full queue of an address refuses its next request; a full server, the last request of the longest queue", async () => {
  const held = openHeld();
  held.send("a", 9);
  held.send("b", 3);
  await turn();
  expect(held.refused()).toBe("a9:too-many-requests a8:too-many-requests");
  await held.settle();
  expect(held.started()).toContain("b3");
});

test("a request that waited for the time limit is refused, and never runs", async () => {
  const held = openHeld({ waitMs: 1 });
  held.send("a", 2);
  await Promise.all(held.send("b", 2));
  expect(held.refused()).toBe("b1:too-many-requests b2:too-many-requests");
  await held.settle();
  held.send("c");
  await held.settle();
  expect(held.started()).toBe("a1 a2 c1");
});

test("the addresses of one network share its turns, so another network does not wait for all of them", async () => {
  const held = openHeld({ running: 1 });
  for (const address of ["a", "b", "c"]) held.send(address, 2, { network: "n" });
  held.send("d", 2);
  await turn();
  await held.settle();
  expect(held.started()).toBe("a1 a2 d1 b1 d2 c1 b2 c2");
});

test("one network never uses all running checks", async () => {
  const held = openHeld({ runningPerAddress: 1 });
  for (const address of ["a", "b"]) held.send(address, 1, { network: "n" });
  held.send("c");
  await turn();
  expect(held.started()).toBe("a1 c1");
  await held.settle();
});

test("known addresses run first, and many unknown addresses do not displace them", async () => {
  const held = openHeld({ waiting: 4 });
  for (let index = 0; index < 20; index++) held.send(`x${index}-`);
  held.send("home", 2, { isKnown: true });
  for (let index = 20; index < 40; index++) held.send(`x${index}-`);
  await held.end(0);
  await held.end(1);
  expect(held.started()).toBe("x0-1 x1-1 home1 home2");
  await held.settle();
  expect(held.refused()).not.toContain("home");
  expect(held.started().split(" ")).toHaveLength(2 + 2 + 4);
});
