// Two commands with one state folder: a command that waited for the server does not undo a change that the
// other one has made to the identity meanwhile.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { makeCa } from "../../harness/certificates.ts";
import { changeWay, enroll } from "../enrollment/enroll.ts";
import type { Inventory } from "../inventory/cut-category.ts";
import {
  type EnrolledIdentity,
  identityPath,
  makeIdentity,
  makeKeyPair,
  readIdentity,
  removeIdentity,
  writeIdentity,
} from "../state/identity.ts";
import { makeFolder, runCommandLine, TOKEN } from "../testing/test-command.ts";
import { type Answer, json, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";
import { IdentityRemoved, openCycle } from "./cycle.ts";

const OTHER_ID = "sen_0198c5f0-7c1e-7a3b-9a51-000000000002";
const ELSEWHERE = "https://elsewhere.example";
const STATE = join(import.meta.dir, "../state");
const PROXY = "http://proxy.example:3128";

const root = (await makeCa("A private CA")).certificate;

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let identity: EnrolledIdentity;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer();
  identity = sensor();
  server.world.publicKey = identity.publicKey;
  writeIdentity(folder.path, identity);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function sensor(extra: Partial<EnrolledIdentity> = {}): EnrolledIdentity {
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  return { ...makeIdentity(server.url), state: "enrolled", sensorId: SENSOR_ID, enrolledAt, ...extra };
}

const onDisk = () => readIdentity(folder.path) as EnrolledIdentity;
const host: HostFacts = {
  hostname: "web-01",
  platform: "linux",
  architecture: "amd64",
  osName: "Debian GNU/Linux",
  osVersion: "12",
  macs: [],
  addresses: [],
};
const options = () => ({
  ...{ stateDir: folder.path, server: server.url, host, waitMs: 0, onRetry: () => {} },
  signal: new AbortController().signal,
});
const collected = Object.fromEntries(
  CATEGORIES.map((category) => [category, { status: "unsupported" }]),
) as unknown as Inventory;
const startRun = () =>
  openCycle({
    ...options(),
    identity: onDisk(),
    collect: async () => collected,
    collectHost: async () => host,
  });
/**
 * Sends the server's reply and runs `work`, another command's change, before the reply is read. Only for a
 * client in this process: another process may read the reply earlier.
 */
const meanwhile =
  (work: () => void, reply: Answer = server.answer): Answer =>
  (response, request) => {
    reply(response, request);
    work();
  };

/** The requests after whose reply a running sensor writes its identity. */
const WRITES: Record<string, (work: () => void) => void> = {
  "that rotates its key": (work) => server.next.push(meanwhile(work, checkedIn({ rotateKey: true }))),
  "that announces its next key": (work) => server.next.push(checkedIn({ rotateKey: true }), meanwhile(work)),
  "that first signs with its next key": (work) =>
    server.next.push(checkedIn({ rotateKey: true }), server.answer, meanwhile(work)),
  "that resumes an interrupted rotation": (work) => {
    const nextKey = makeKeyPair();
    identity = { ...identity, nextKey };
    writeIdentity(folder.path, identity);
    server.world.nextKey = nextKey.publicKey;
    server.next.push(meanwhile(work));
  },
  "whose next key is refused": (work) =>
    server.next.push(checkedIn({ rotateKey: true }), meanwhile(work, problem("key-taken"))),
  "that is a clone": (work) => server.next.push(meanwhile(work, problem("sensor-cloned"))),
  "that enrolls as a clone": (work) => server.next.push(problem("sensor-cloned"), meanwhile(work)),
  "that receives the server's new key": (work) =>
    server.next.push(meanwhile(work, checkedIn({ serverKey: makeKeyPair().publicKey }))),
};
function checkedIn(more: Record<string, unknown>): Answer {
  return (response, request) => {
    server.world.lastNonces.set(request.keyid, request.nonce);
    const reply = { serverTime: "2026-11-24T09:30:00.000Z", checkInIntervalSeconds: 60, wanted: [] };
    json(200, { ...reply, ...more })(response, request);
  };
}

describe("a running sensor", () => {
  for (const [moment, when] of Object.entries(WRITES)) {
    test(`${moment} keeps the new identity that enroll has written`, async () => {
      const other = sensor({ sensorId: OTHER_ID });
      when(() => {
        writeIdentity(folder.path, other);
        server.world.publicKey = other.publicKey;
        server.world.nextKey = undefined;
      });
      const cycle = startRun();
      await cycle();
      expect(onDisk()).toEqual(other);
      expect((await cycle()).state).toBe("connected");
      expect(server.received.at(-1)).toMatchObject({ keyid: OTHER_ID, signatureError: undefined });
    });

    test(`${moment} does not restore an identity that unenroll has removed`, async () => {
      when(() => removeIdentity(folder.path));
      const cycle = startRun();
      const first = cycle();
      await expect(first.then(cycle)).rejects.toBeInstanceOf(IdentityRemoved);
      expect(existsSync(identityPath(folder.path))).toBe(false);
    });

    test(`${moment} keeps its key and the connection settings that enroll has changed`, async () => {
      when(() => writeIdentity(folder.path, { ...onDisk(), ca: [root] }));
      await startRun()();
      expect(onDisk().ca).toEqual([root]);
      // One of the keys on the disk is the key that the server has.
      const { publicKey, nextKey, cloneKey } = onDisk();
      expect([publicKey, nextKey?.publicKey, cloneKey?.publicKey]).toContain(server.world.publicKey);
    });
  }
});

describe("enroll", () => {
  test("keeps the current key of the running sensor when it changes the connection settings", async () => {
    const renewed = { ...identity, ...makeKeyPair() };
    writeIdentity(folder.path, renewed);
    expect(await changeWay(identity, { ...options(), proxy: PROXY })).toBe(true);
    expect(onDisk()).toEqual({ ...renewed, proxy: PROXY });
  });

  test("does not change the connection settings in another sensor's identity", async () => {
    const other = sensor({ sensorId: OTHER_ID });
    writeIdentity(folder.path, other);
    await expect(changeWay(identity, { ...options(), proxy: PROXY })).rejects.toThrow(
      "Cannot enroll sensor: another command has changed the identity",
    );
    expect(onDisk()).toEqual(other);
  });

  test("--replace run twice at once creates one new sensor", async () => {
    const replace = () => enroll({ ...options(), token: TOKEN, replaces: SENSOR_ID });
    const enrolled = { assetGroup: null, checkInIntervalSeconds: 60, serverTime: "2026-11-24T09:30:00.000Z" };
    const reply = json(201, { ...enrolled, sensorId: OTHER_ID });
    let second: ReturnType<typeof enroll> | undefined;
    server.next.push((response, request) => {
      server.next.push(reply);
      second = replace();
      second.then(
        () => reply(response, request),
        () => reply(response, request),
      );
    });
    const first = await replace();
    expect(await second).toMatchObject({ sensorId: OTHER_ID, publicKey: first.publicKey });
    expect(onDisk()).toMatchObject({ sensorId: OTHER_ID, publicKey: first.publicKey });
    // A third command, which read the identity before the first one finished.
    expect(await replace()).toMatchObject({ sensorId: OTHER_ID, publicKey: first.publicKey });
    expect(server.received).toHaveLength(2);
    expect(readdirSync(folder.path)).toEqual(["identity.json"]);
  });

  test("waits for a command that changes an unfinished enrollment, and keeps its sensor", async () => {
    writeIdentity(folder.path, makeIdentity(ELSEWHERE));
    const other = { ...sensor({ sensorId: OTHER_ID }), server: ELSEWHERE };
    // Keeps the lock until this process overwrites the identity, or until it is clear that it does not.
    const script = `import { readIdentity, writeIdentity } from ${JSON.stringify(join(STATE, "identity.ts"))};
      import { lockIdentity } from ${JSON.stringify(join(STATE, "run-lock.ts"))};
      const [folder, other] = process.argv.slice(-2);
      using _ = lockIdentity(folder);
      console.log("locked");
      const until = performance.now() + 300;
      while (performance.now() < until && readIdentity(folder).server === ${JSON.stringify(ELSEWHERE)});
      writeIdentity(folder, JSON.parse(other));`;
    const command = Bun.spawn([process.execPath, "-e", script, folder.path, JSON.stringify(other)]);
    await command.stdout.getReader().read();
    const outcome = enroll({ ...options(), token: TOKEN });
    await expect(outcome).rejects.toThrow(`this host is already enrolled with ${ELSEWHERE} as ${OTHER_ID}`);
    expect(await command.exited).toBe(0);
    expect(onDisk()).toEqual(other);
    expect(server.received).toEqual([]);
  });

  test("keeps the key of the new sensor if another enroll has finished first", async () => {
    removeIdentity(folder.path);
    const renewed = sensor();
    server.next.push(meanwhile(() => writeIdentity(folder.path, renewed)));
    expect(await enroll({ ...options(), token: TOKEN })).toMatchObject({ publicKey: renewed.publicKey });
    expect(onDisk()).toEqual(renewed);
  });
});

test("unenroll keeps the new identity that enroll has written meanwhile", async () => {
  const other = sensor({ sensorId: OTHER_ID });
  server.next.push((response, request) => {
    writeIdentity(folder.path, other);
    server.answer(response, request);
  });
  const { exitCode, stderr } = await runCommandLine(["unenroll", "--state", folder.path]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain("another command has changed the identity");
  expect(onDisk()).toEqual(other);
});
