// Reports that the server did not accept are delivered later, once and in order, with their collection times.
import { expect, setSystemTime, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { rmSync } from "node:fs";
import { identityPath, removeIdentity, writeIdentity } from "../state/identity.ts";
import { away, lostReply, openOutage } from "../testing/test-outage.ts";
import { addressOfNoServer, json, problem, signedProblem } from "../testing/test-server.ts";
import { IdentityRemoved } from "./cycle.ts";
import { countSpooledReports, removeSpool } from "./spool-files.ts";

type Outage = Awaited<ReturnType<typeof openOutage>>;

/** Runs one cycle for each state of the host while the server is unavailable. */
async function changesUnheard(outage: Outage, states: string[][], cycle = outage.start()) {
  for (const state of states) {
    outage.has(state);
    outage.replyWith(away);
    expect((await cycle()).state).toBe("server-in-trouble");
  }
  return cycle;
}
const waiting = ({ stateDir }: Outage) => countSpooledReports(stateDir).waiting;
const ABA = [["a"], ["a", "b"], ["a"]];

test("delivers changes during an outage in order, with their collection times", async () => {
  await using outage = await openOutage();
  const before = new Date().toISOString();
  const cycle = await changesUnheard(outage, ABA);
  expect(waiting(outage)).toBe(3);
  const { since } = countSpooledReports(outage.stateDir);
  const { state, news } = await cycle();
  expect({ state, news }).toEqual({
    state: "connected",
    news: [`delivered 3 reports spooled since ${since}`],
  });
  expect(outage.packagesTaken()).toEqual(["a", "a b", "a"]);
  const times = outage.taken.map(({ collectedAt }) => collectedAt!);
  expect(times[0]).toBe(since!);
  const inOrder = [before, ...times, new Date().toISOString()];
  expect(inOrder).toEqual(inOrder.toSorted());
  expect(waiting(outage)).toBe(0);

  outage.has(["c"]);
  expect((await cycle()).news).toEqual([]);
  expect(outage.taken.at(-1)).toEqual({ category: "packages", what: "c", collectedAt: undefined });
  expect(outage.taken).toHaveLength(4);
});

for (const kind of ["before the server has processed it", "after the server has processed it"] as const) {
  for (const restarts of [false, true]) {
    test(`delivers each report once and in order if any request fails ${kind}, ${restarts ? "with" : "without"} a restart`, async () => {
      let cuts = 0;
      for (let nth = 0; ; nth++) {
        await using outage = await openOutage();
        let cycle = await changesUnheard(outage, ABA);
        outage.has(["a", "c"]);
        const { answer } = outage.server;
        outage.replyWith(answer, nth);
        outage.replyWith(kind === "after the server has processed it" ? lostReply(answer) : away);
        const { state } = await cycle();
        const wasCut = outage.server.next.length === 0 && state !== "connected";
        outage.server.next.length = 0;
        if (restarts) cycle = outage.start();
        expect({ nth, state: (await cycle()).state }).toEqual({ nth, state: "connected" });
        expect({ nth, taken: outage.packagesTaken() }).toEqual({ nth, taken: ["a", "a b", "a", "a c"] });
        expect(waiting(outage)).toBe(0);
        if (!wasCut) break;
        cuts++;
      }
      // A check-in with the lists, and an upload. For the third report, the server already has its root hash.
      expect(cuts).toBe(7);
    });
  }
}

test("a check-in has lists before the first accepted one, and then of what has changed", async () => {
  await using outage = await openOutage();
  const users = { status: "collected" as const, items: [] };
  const listed = () =>
    outage.server.received
      .splice(0)
      .filter(({ path }) => path.endsWith("/check-in"))
      .map(({ body }) => {
        const said = Object.entries(body.inventory as Record<string, { chunks?: string[] }>);
        return said.filter(([, { chunks }]) => chunks).map(([category]) => category);
      });
  let cycle = outage.start();
  outage.has(["a"], { users });
  outage.replyWith(away);
  await cycle();
  await cycle();
  await cycle();
  outage.has(["b"], { users });
  await cycle();
  expect(listed()).toEqual([["packages", "users"], ["packages", "users"], [], ["packages"]]);
  // After a start, the sensor does not know what the server has.
  cycle = outage.start();
  await cycle();
  outage.has(["c"], { users });
  await cycle();
  expect(listed()).toEqual([[], ["packages"]]);
});

test("spools an unchanged state only once, also after restarts, and not at all if the server has it", async () => {
  await using outage = await openOutage();
  await changesUnheard(outage, [["a"], ["a"], ["a"]]);
  await changesUnheard(outage, [["a"]]);
  expect(waiting(outage)).toBe(1);
  const cycle = outage.start();
  await cycle();
  await changesUnheard(outage, [["a"], ["a"]], cycle);
  expect(waiting(outage)).toBe(0);
  expect(outage.packagesTaken()).toEqual(["a"]);
});

test.each(["sensor-blocked", "sensor-unknown", "sensor-awaiting-approval", "key-replaced"] as const)(
  "a sensor refused with %s keeps its key, spools changes, and delivers them once it is accepted",
  async (code) => {
    await using outage = await openOutage();
    const cycle = outage.start();
    for (const state of ABA) {
      outage.has(state);
      outage.replyWith(problem(code));
      expect((await cycle()).result).toBeUndefined();
    }
    expect((await cycle()).state).toBe("connected");
    expect(outage.packagesTaken()).toEqual(["a", "a b", "a"]);
    expect(outage.server.received.at(-1)?.keyid).toBe(outage.identity.sensorId);
  },
);

test("spools reports if the server is unreachable or another server replies", async () => {
  await using outage = await openOutage();
  const { server } = outage.identity;
  outage.identity.server = await addressOfNoServer();
  const cycle = outage.start();
  outage.has(["a"]);
  expect((await cycle()).state).toBe("server-unreachable");
  outage.identity.server = server;
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  outage.identity.serverKey = publicKey.export({ format: "jwk" }).x;
  writeIdentity(outage.stateDir, outage.identity);
  const again = outage.start();
  // A refusal of the content without the server's signature is not trusted.
  outage.replyWith(problem("input-invalid"));
  expect((await again()).state).toBe("wrong-server");
  expect(waiting(outage)).toBe(1);
  outage.replyWith(signedProblem(privateKey, "sensor-blocked"));
  expect((await again()).state).toBe("blocked");
  expect((await again()).state).toBe("connected");
  expect(outage.packagesTaken()).toEqual(["a"]);
});

test("delivers no spooled report while the ownership of the key is undecided", async () => {
  await using outage = await openOutage();
  const cycle = await changesUnheard(outage, [["a"], ["a", "b"]]);
  const undecided = {
    serverTime: new Date().toISOString(),
    checkInIntervalSeconds: 60,
    wanted: [],
    undecided: true,
  };
  outage.has(["c"]);
  outage.replyWith(json(200, undecided));
  expect((await cycle()).state).toBe("ownership-undecided");
  expect(waiting(outage)).toBe(3);
  await cycle();
  expect(outage.packagesTaken()).toEqual(["a", "a b", "c"]);
});

test("checks in while the server limits uploads, and then delivers the rest in order", async () => {
  await using outage = await openOutage();
  const cycle = await changesUnheard(outage, [["a"], ["a", "b"], ["c"]]);
  outage.replyWith(outage.server.answer, 3);
  outage.replyWith(problem("too-many-requests", {}, { "retry-after": "1800" }));
  try {
    expect(await cycle()).toMatchObject({ state: "connected", isUnreachable: false });
    setSystemTime(new Date(Date.now() + 1_790_000));
    const { state, news } = await cycle();
    expect({ state, news }).toEqual({ state: "connected", news: [] });
    expect(outage.packagesTaken()).toEqual(["a"]);
    expect(waiting(outage)).toBe(2);
    setSystemTime(new Date(Date.now() + 20_000));
    await cycle();
    expect(outage.packagesTaken()).toEqual(["a", "a b", "c"]);
  } finally {
    setSystemTime();
  }
});

test("reports a spooled report with rejected content as lost, and delivers the later ones", async () => {
  await using outage = await openOutage();
  const cycle = await changesUnheard(outage, [["a"], ["b"], ["c"]]);
  const { since } = countSpooledReports(outage.stateDir);
  outage.replyWith(problem("input-invalid", { detail: "Cannot check in: reason" }));
  const { state, news } = await cycle();
  expect(state).toBe("connected");
  expect(news[0]).toBe(`the report of ${since} from the spool is lost: Cannot check in: reason`);
  expect(outage.packagesTaken()).toEqual(["b", "c"]);
});

test("loses no spooled report to a server that rejects everything", async () => {
  await using outage = await openOutage();
  const cycle = await changesUnheard(outage, [["a"], ["b"]]);
  outage.replyWith(problem("input-invalid"), 2);
  expect((await cycle()).state).toBe("refused");
  expect(waiting(outage)).toBe(2);
  await cycle();
  expect(outage.packagesTaken()).toEqual(["a", "b"]);
});

test("delivers a failed category with its collection time, and a rejected category does not affect others", async () => {
  await using outage = await openOutage();
  const cycle = outage.start();
  outage.has(["a"], { ports: { status: "failed", reason: "no /proc" } });
  outage.replyWith(away);
  await cycle();
  outage.has(["b"]);
  outage.replyWith(outage.server.answer, 1);
  // Together with others, then alone.
  outage.replyWith(problem("input-invalid", { detail: "no" }), 2);
  await cycle();
  expect(outage.taken.map(({ category, what }) => `${category} ${what}`)).toEqual([
    "ports failed: no /proc",
    "packages failed: the server rejected it: no",
    "packages b",
  ]);
  expect(outage.taken.map(({ collectedAt }) => collectedAt !== undefined)).toEqual([true, true, false]);
});

test("delivers a long backlog in several cycles, with a check-in in each", async () => {
  await using outage = await openOutage();
  const cycle = await changesUnheard(outage, [["a"], ["b"], ["c"], ["d"]]);
  const { notice } = outage.server.world;
  let ms = Date.now();
  outage.server.world.notice = (request) => {
    notice(request);
    if (request.path.endsWith("/check-in")) ms += 40_000;
    setSystemTime(ms);
  };
  try {
    expect((await cycle()).state).toBe("connected");
    expect(outage.packagesTaken()).toEqual(["a", "b"]);
    outage.has(["e"]);
    await cycle();
    await cycle();
  } finally {
    setSystemTime();
  }
  expect(outage.packagesTaken()).toEqual(["a", "b", "c", "d", "e"]);
});

test("removes the spool of an unenrolled sensor, also while it runs", async () => {
  await using outage = await openOutage();
  const unenroll = () => {
    removeSpool(outage.stateDir);
    removeIdentity(outage.stateDir);
  };
  await changesUnheard(outage, [["a"]]);
  unenroll();
  expect(waiting(outage)).toBe(0);

  writeIdentity(outage.stateDir, outage.identity);
  const cycle = await changesUnheard(outage, [["b"]]);
  outage.has(["c"]);
  outage.replyWith((response, request) => {
    unenroll();
    away(response, request);
  });
  await cycle();
  expect(waiting(outage)).toBe(0);

  writeIdentity(outage.stateDir, outage.identity);
  await changesUnheard(outage, [["d"]], cycle);
  rmSync(identityPath(outage.stateDir));
  await expect(cycle()).rejects.toBeInstanceOf(IdentityRemoved);
  expect(waiting(outage)).toBe(0);
});
