// The first boot of an image's clone, and of its template, with a server that is away, busy or refuses.
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { chainOf, makeCa, makeLeaf } from "../../harness/certificates.ts";
import { readFirstBoot } from "../state/first-boot-file.ts";
import { findEnrolledIdentity, makeIdentity, readIdentity, writeIdentity } from "../state/identity.ts";
import {
  type MachineIds,
  readSealedToken,
  removeSealedToken,
  type SealedToken,
  sealedTokenPath,
  writeSealedToken,
} from "../state/sealed-token.ts";
import { makeFolder, TOKEN } from "../testing/test-command.ts";
import { HOST } from "../testing/test-host.ts";
import { dropReply, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";
import { comparedIds, endFirstBoot, enrollOnFirstBoot, isClone } from "./first-boot.ts";

const TEMPLATE: MachineIds = { machineId: "a".repeat(32), productUuid: "uuid-1", serialNumber: "serial-1" };

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let random: ReturnType<typeof spyOn>;
beforeEach(async () => {
  server = await startTestServer();
  folder = makeFolder();
  random = spyOn(Math, "random").mockReturnValue(0);
});
afterEach(async () => {
  random.mockRestore();
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
  expect(server.received.filter(({ signatureError }) => signatureError)).toEqual([]);
});

function seal(changes: Partial<SealedToken> = {}): void {
  const made = { server: server.url, token: TOKEN, sealedAt: "2026-11-26T00:00:00.000Z" };
  writeSealedToken(folder.path, { ...made, template: TEMPLATE, ignoresMachineId: false, ...changes });
}

/** Boots a host with these identifiers; `onPause` is called instead of each wait between two attempts. */
function boot(ids: MachineIds, onPause: (pauses: number[], stop: () => void) => void = (_, stop) => stop()) {
  const stop = new AbortController();
  const log: string[] = [];
  const pauses: number[] = [];
  const enrolled = enrollOnFirstBoot({
    stateDir: folder.path,
    collectHost: async () => ({ ...HOST, ...ids }),
    proxyFor: () => undefined,
    signal: stop.signal,
    log: (line) => log.push(line),
    onWait: () => {},
    pause: async (ms) => {
      pauses.push(ms);
      onPause(pauses, () => stop.abort());
    },
  });
  return { enrolled, log, pauses };
}

const CLONE: MachineIds = { ...TEMPLATE, machineId: "b".repeat(32) };

test("a clone is a host of which one known identifier differs", () => {
  const cases: [string, MachineIds, boolean][] = [
    ["the template, rebooted", TEMPLATE, false],
    [
      "a machine id that was emptied, before the system makes one",
      { ...TEMPLATE, machineId: undefined },
      false,
    ],
    ["hardware that cannot be read any more", { machineId: TEMPLATE.machineId }, false],
    ["a new machine id", CLONE, true],
    ["another product UUID", { ...TEMPLATE, productUuid: "uuid-2" }, true],
    ["another serial number", { ...TEMPLATE, serialNumber: "serial-2" }, true],
    ["an instance id that the template did not have yet", { ...TEMPLATE, cloudInstanceId: "i-1" }, false],
    ["nothing known", {}, false],
  ];
  for (const [name, ids, expected] of cases) {
    const sealing = { template: TEMPLATE, ignoresMachineId: false };
    expect({ name, isClone: isClone(sealing, { ...HOST, ...ids }) }).toEqual({ name, isClone: expected });
  }
  const cloud = { template: { ...TEMPLATE, cloudInstanceId: "i-1" }, ignoresMachineId: false };
  expect(isClone(cloud, { ...HOST, ...TEMPLATE, cloudInstanceId: "i-2" })).toBe(true);
  // The machine id was emptied before the image was prepared.
  const emptied = { template: { productUuid: "uuid-1" }, ignoresMachineId: false };
  expect(isClone(emptied, { ...HOST, ...TEMPLATE })).toBe(true);
  expect(isClone({ ...emptied, ignoresMachineId: true }, { ...HOST, ...TEMPLATE })).toBe(false);
  // A template that boots again with a new machine id.
  const ignoring = { template: TEMPLATE, ignoresMachineId: true };
  expect(isClone(ignoring, { ...HOST, ...CLONE })).toBe(false);
  expect(isClone(ignoring, { ...HOST, ...CLONE, productUuid: "uuid-2" })).toBe(true);
  // An image that was built without booting it.
  expect(isClone({ template: null, ignoresMachineId: false }, HOST)).toBe(true);
});

test("says which identifiers tell a clone from the template", () => {
  expect(comparedIds({ template: TEMPLATE, ignoresMachineId: false })).toEqual([
    "machine id",
    "product UUID",
    "serial number",
  ]);
  expect(comparedIds({ template: { machineId: "x" }, ignoresMachineId: true })).toEqual([]);
});

test("the template waits and sends nothing, and enrolls when its identifiers change while it waits", async () => {
  seal();
  const ids = { ...TEMPLATE };
  const { enrolled, log } = boot(ids, (pauses) => {
    if (pauses.length === 2) ids.machineId = CLONE.machineId;
    expect(server.received).toEqual([]);
    expect(readIdentity(folder.path)).toBeUndefined();
  });
  expect(await enrolled).toMatchObject({ sensorId: SENSOR_ID });
  expect(log).toEqual([
    "this is the machine on which the image was prepared: its clones enroll, and it does not",
    `enrolled ${HOST.hostname} as ${SENSOR_ID}`,
  ]);
});

test("a clone enrolls after the server was away and busy, with one key", async () => {
  seal();
  server.next.push(dropReply, problem("too-many-requests", {}, { "retry-after": "1" }));
  const { enrolled, pauses } = boot(CLONE);
  expect(await enrolled).toMatchObject({ sensorId: SENSOR_ID, state: "enrolled" });
  expect(pauses).toEqual([]);
  expect(new Set(server.received.map(({ keyid }) => keyid)).size).toBe(1);
  expect(server.received.map(({ token }) => token)).toEqual([TOKEN, TOKEN, TOKEN]);
  // status explained the wait.
  expect(readFirstBoot(folder.path)).toMatchObject({ exit: "serverUnreachable" });
  endFirstBoot(folder.path);
  expect(existsSync(sealedTokenPath(folder.path))).toBe(false);
  expect(readFirstBoot(folder.path)).toBeUndefined();
});

test("a refused token stays, with the reason, and is tried again every quarter of an hour", async () => {
  seal();
  random.mockReturnValue(0.5);
  server.next.push(problem("token-used-up", { detail: "the token is used up" }), problem("token-revoked"));
  const { enrolled, pauses, log } = boot(CLONE, (pauses) => {
    if (pauses.length > 1) return;
    expect(readFirstBoot(folder.path)).toMatchObject({
      exit: "tokenRefused",
      problem: expect.stringContaining("the token is used up"),
      hint: "raise the token's limit in the console, or create a new token",
    });
    expect(readSealedToken(folder.path)?.token).toBe(TOKEN);
  });
  expect(await enrolled).toMatchObject({ sensorId: SENSOR_ID });
  expect(pauses).toEqual([900_000, 900_000]);
  expect(log.join("\n")).not.toContain(TOKEN);
});

test("another server than the pinned one is tried again sooner", async () => {
  const root = await makeCa("Another CA");
  await using other = await startTestServer({ tls: chainOf(await makeLeaf(root), root) });
  seal({ caPin: `sha256:${"0".repeat(64)}`, server: other.url });
  const { enrolled, pauses } = boot(CLONE, (pauses, stop) => pauses.length === 3 && stop());
  expect(await enrolled).toBeUndefined();
  expect(pauses.every((ms) => ms < 60_000)).toBe(true);
  expect(readFirstBoot(folder.path)).toMatchObject({
    exit: "wrongServer",
    problem: expect.stringContaining("nothing was sent"),
  });
  expect(other.received).toEqual([]);
});

test("another command that enrolls the host, or removes the token, ends the wait", async () => {
  seal();
  const identity = { ...makeIdentity(server.url), state: "enrolled" as const, sensorId: SENSOR_ID };
  const { enrolled } = boot(TEMPLATE, () =>
    writeIdentity(folder.path, { ...identity, enrolledAt: "2026-11-26T00:00:00.000Z" }),
  );
  expect(await enrolled).toEqual(findEnrolledIdentity(folder.path)!);
  expect(server.received).toEqual([]);

  using other = makeFolder();
  writeSealedToken(other.path, { ...readSealedToken(folder.path)!, template: TEMPLATE });
  const removed = enrollOnFirstBoot({
    stateDir: other.path,
    collectHost: async () => ({ ...HOST, ...TEMPLATE }),
    proxyFor: () => undefined,
    signal: new AbortController().signal,
    log: () => {},
    onWait: () => {},
    pause: async () => void removeSealedToken(other.path),
  });
  expect(await removed).toBeUndefined();
});

test("the sealed token is readable by its owner only, and overwritten before it is removed", () => {
  seal();
  const path = sealedTokenPath(folder.path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o644);
  readSealedToken(folder.path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const link = `${path}.link`;
  const { exitCode } = Bun.spawnSync(["ln", path, link]);
  expect(exitCode).toBe(0);
  expect(removeSealedToken(folder.path)).toBe(true);
  expect(readFileSync(link).every((byte) => byte === 0)).toBe(true);
  expect(removeSealedToken(folder.path)).toBe(false);
});

test("a damaged sealed token is reported and not changed", () => {
  const path = sealedTokenPath(folder.path);
  seal();
  const sound = readFileSync(path, "utf8");
  for (const text of [
    "",
    "{",
    "null",
    sound.slice(0, -9),
    sound.replace(TOKEN, "atl_enr_x"),
    "\0".repeat(99),
  ]) {
    writeFileSync(path, text);
    expect(() => readSealedToken(folder.path)).toThrow(/the file is damaged; it was not changed/);
    expect(readFileSync(path, "utf8")).toBe(text);
  }
  writeFileSync(path, sound.replace('"version": 1', '"version": 2'));
  expect(() => readSealedToken(folder.path)).toThrow(/wrote it, with state version 2/);
});
