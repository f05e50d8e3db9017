// Key rotation and clone keys: interrupted at every request, with every refusal reported.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { rmSync } from "node:fs";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { Inventory } from "../inventory/cut-category.ts";
import { IdentityRemoved, openCycle } from "../reporting/cycle.ts";
import {
  type EnrolledIdentity,
  identityPath,
  makeIdentity,
  makeKeyPair,
  readIdentity,
  writeIdentity,
} from "../state/identity.ts";
import { readStatus } from "../state/status-file.ts";
import { makeFolder } from "../testing/test-command.ts";
import {
  type Answer,
  CLONE_ID,
  dropReply,
  json,
  problem,
  SENSOR_ID,
  signedProblem,
  startTestServer,
} from "../testing/test-server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let identity: EnrolledIdentity;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer();
  enrollWith({});
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function enrollWith(extra: Partial<EnrolledIdentity>) {
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  identity = { ...makeIdentity(server.url), state: "enrolled", sensorId: SENSOR_ID, enrolledAt, ...extra };
  server.world.publicKey = identity.publicKey;
  server.world.nextKey = undefined;
  writeIdentity(folder.path, identity);
}

const host: HostFacts = {
  hostname: "web-01",
  platform: "linux",
  architecture: "amd64",
  osName: "Debian GNU/Linux",
  osVersion: "12",
  macs: [],
  addresses: [],
};
const collected = Object.fromEntries(
  CATEGORIES.map((category) => [category, { status: "unsupported" }]),
) as unknown as Inventory;
const start = () =>
  openCycle({
    stateDir: folder.path,
    identity: onDisk(),
    collect: async () => collected,
    collectHost: async () => host,
    signal: new AbortController().signal,
  });
const onDisk = () => readIdentity(folder.path) as EnrolledIdentity;
const paths = () => server.received.map(({ path }) => path.replace("/sensor/v1/", ""));

const wantsNewKey: Answer = json(200, {
  serverTime: "2026-11-24T09:30:00.000Z",
  checkInIntervalSeconds: 60,
  wanted: [],
  rotateKey: true,
});

test("every request has the instance id, and check-ins send the host facts until one is accepted", async () => {
  server.next.push(problem("unavailable"));
  const cycle = start();
  await cycle();
  await cycle();
  await cycle();
  const another = start();
  await another();
  const instances = server.received.map(({ instanceId }) => instanceId);
  expect(new Set(instances.slice(0, 3)).size).toBe(1);
  expect(instances[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect(instances[3]).not.toBe(instances[0]);
  expect(server.received.map(({ body }) => body.host?.hostname)).toEqual([
    "web-01",
    "web-01",
    undefined,
    "web-01",
  ]);
});

test("rotates the key at the server's request and stores the new key", async () => {
  server.next.push(wantsNewKey);
  const cycle = start();
  expect((await cycle()).news).toEqual(["rotated its key"]);
  const after = onDisk();
  expect(after.publicKey).not.toBe(identity.publicKey);
  expect(after.publicKey).toBe(server.world.publicKey);
  expect(after.nextKey).toBeUndefined();
  expect((await cycle()).state).toBe("connected");
  // The sensor announces the new key, then signs a check-in with it.
  expect(paths()).toEqual(["check-in", "keys", "check-in", "check-in"]);
});

// The requests of a rotation: 1 announces the new key, 2 is the first one signed with it.
for (const lost of [1, 2]) {
  for (const isTakenIn of [false, true]) {
    test(`completes a rotation interrupted at request ${lost} ${isTakenIn ? "after" : "before"} the server has processed it`, async () => {
      const cut: Answer = (response, request) => {
        if (isTakenIn) server.answer({ ...response, writeHead: () => ({ end: () => {} }) } as never, request);
        dropReply(response, request);
      };
      const pass: Answer = (response, request) => server.answer(response, request);
      server.next.push(wantsNewKey, ...Array(lost - 1).fill(pass), cut);
      const first = await start()();
      expect(first.state).toBe("connected");
      // The program is killed, and starts again.
      const cycle = start();
      expect((await cycle()).state).toBe("connected");
      expect(onDisk().publicKey).toBe(server.world.publicKey);
      expect(onDisk().nextKey).toBeUndefined();
      expect((await cycle()).state).toBe("connected");
      expect(onDisk().publicKey).not.toBe(identity.publicKey);
    });
  }
}

test("sends the report even if the key rotation fails", async () => {
  server.next.push(wantsNewKey, problem("key-taken"));
  const outcome = await start()();
  expect(outcome.state).toBe("connected");
  expect(outcome.news).toEqual([expect.stringContaining("could not rotate its key")]);
  expect(onDisk()).toEqual(identity);
});

test("a host whose key belongs to another host enrolls as a clone, only once despite a lost reply", async () => {
  server.next.push(problem("sensor-cloned"), dropReply);
  const cycle = start();
  expect((await cycle()).state).toBe("server-unreachable");
  const { cloneKey } = onDisk();
  expect(cloneKey).toBeDefined();
  server.next.push(problem("sensor-cloned"));
  const outcome = await cycle();
  expect(outcome.news).toEqual([
    `another host owns the key of ${SENSOR_ID}: enrolled this clone as ${CLONE_ID}`,
    expect.stringContaining("delivered 1 report spooled since"),
  ]);
  expect(outcome.state).toBe("connected");
  expect(onDisk()).toMatchObject({ sensorId: CLONE_ID, ...cloneKey });
  expect(onDisk().cloneKey).toBeUndefined();
  const asked = server.received.filter(({ path }) => path === "/sensor/v1/clones");
  expect(asked.map(({ body }) => body.publicKey)).toEqual(Array(2).fill(cloneKey!.publicKey));
  expect(server.received.at(-1)).toMatchObject({ keyid: CLONE_ID, signatureError: undefined });
});

test("discards a next key that the server refuses, keeps the current key, and creates another next time", async () => {
  const refused = makeKeyPair();
  enrollWith({ nextKey: refused });
  server.next.push(problem("key-taken"), server.answer, problem("key-taken"));
  const cycle = start();
  expect(await cycle()).toMatchObject({
    state: "connected",
    news: ["could not rotate its key: The public key is or was in use by a sensor"],
  });
  expect(onDisk()).toEqual({ ...identity, nextKey: undefined } as never);
  server.next.push(wantsNewKey);
  expect((await cycle()).news).toEqual(["rotated its key"]);
  expect(onDisk().publicKey).not.toBe(refused.publicKey);
});

test("a clone creates another key after the server refuses the first one", async () => {
  server.next.push(problem("sensor-cloned"), problem("key-taken"));
  const cycle = start();
  await cycle();
  const [first] = server.received.filter(({ path }) => path === "/sensor/v1/clones");
  expect(onDisk().cloneKey).toBeUndefined();
  server.next.push(problem("sensor-cloned"));
  expect((await cycle()).state).toBe("connected");
  expect(onDisk()).toMatchObject({ sensorId: CLONE_ID });
  expect(onDisk().publicKey).not.toBe(first!.body.publicKey);
});

test("a refused clone keeps its key and reports the reason", async () => {
  server.next.push(problem("sensor-cloned"), problem("sensor-cloned", { detail: "clones are refused" }));
  expect(await start()()).toMatchObject({ state: "cloned", problem: "clones are refused" });
  expect(onDisk().publicKey).toBe(identity.publicKey);
  expect(readStatus(folder.path)?.state).toBe("cloned");
});

test("accepts a refusal, clone report or server time only with the signature of its server", async () => {
  const mine = generateKeyPairSync("ed25519").privateKey;
  const other = generateKeyPairSync("ed25519").privateKey;
  const x = mine.export({ format: "jwk" }).x!;
  enrollWith({ serverKey: x });
  const serverTime = new Date(Date.now() + 172_800_000).toISOString();
  const told: [Answer, string][] = [
    [problem("sensor-unknown"), "wrong-server"],
    [signedProblem(other, "sensor-unknown"), "wrong-server"],
    [signedProblem(mine, "sensor-unknown"), "unknown-to-server"],
    [problem("sensor-cloned"), "wrong-server"],
    [problem("clock-skewed", { serverTime }), "wrong-server"],
    [signedProblem(other, "clock-skewed", { serverTime }), "wrong-server"],
    [signedProblem(mine, "sensor-blocked"), "blocked"],
    [signedProblem(mine, "key-replaced"), "key-replaced"],
  ];
  for (const [answer, state] of told) {
    server.next.push(answer);
    expect((await start()()).state).toBe(state as never);
  }
  server.received.length = 0;
  server.next.push(signedProblem(mine, "clock-skewed", { serverTime }));
  expect((await start()()).state).toBe("connected");
  const hoursAhead = server.received.map(({ created }) =>
    Math.round(Math.abs(created * 1000 - Date.now()) / 3_600_000),
  );
  expect(hoursAhead).toEqual([0, 48]);
  expect(readStatus(folder.path)?.clockOffsetMs).toBeGreaterThan(172_000_000);
  // A response signed for another request proves nothing.
  server.next.push((response, request) =>
    signedProblem(mine, "sensor-unknown")(response, { ...request, signature: `sig1=:${"A".repeat(86)}==:` }),
  );
  expect((await start()()).state).toBe("wrong-server");
});

test("a running sensor uses an identity that another command has written, and stops if it is removed", async () => {
  const cycle = start();
  await cycle();
  const renewed = { ...identity, ...makeKeyPair() };
  writeIdentity(folder.path, renewed);
  server.world.publicKey = renewed.publicKey;
  expect((await cycle()).state).toBe("connected");
  rmSync(identityPath(folder.path));
  await expect(cycle()).rejects.toBeInstanceOf(IdentityRemoved);
});
