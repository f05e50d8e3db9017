// attacklens-sensor unenroll: sends the request first, and removes the key after the server has accepted it.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import {
  type EnrolledIdentity,
  identityPath,
  makeIdentity,
  makeKeyPair,
  writeIdentity,
} from "../state/identity.ts";
import { makeFolder, runCommandLine } from "../testing/test-command.ts";
import { dropReply, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function enrollWith(extra: Partial<EnrolledIdentity> = {}): EnrolledIdentity {
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  const made = makeIdentity(server.url);
  const identity = { ...made, state: "enrolled" as const, sensorId: SENSOR_ID, enrolledAt, ...extra };
  server.world.publicKey = identity.publicKey;
  writeIdentity(folder.path, identity);
  return identity;
}

const unenroll = (...more: string[]) => runCommandLine(["unenroll", "--state", folder.path, ...more]);
const isForgotten = () => !existsSync(identityPath(folder.path));

test("sends one request, without a check-in or an approval before it", async () => {
  enrollWith();
  expect(await unenroll()).toMatchObject({ exitCode: 0, stderr: "" });
  expect(isForgotten()).toBe(true);
  expect(server.received.map(({ path }) => path)).toEqual(["/sensor/v1/unenroll"]);
  const [{ body, instanceId, signatureError } = { body: {}, instanceId: undefined, signatureError: "none" }] =
    server.received;
  // The server uses these to distinguish this host from a clone.
  expect(body.host.hostname).toBeString();
  expect(instanceId).toBeString();
  expect(signatureError).toBeUndefined();
});

for (const isPromoted of [false, true]) {
  test(`unenrolls with the valid key during a rotation that the server ${isPromoted ? "has completed" : "has not seen"}`, async () => {
    const nextKey = makeKeyPair();
    enrollWith({ nextKey });
    if (isPromoted) server.world.publicKey = nextKey.publicKey;
    expect((await unenroll()).exitCode).toBe(0);
    expect(isForgotten()).toBe(true);
    expect(server.received).toHaveLength(isPromoted ? 1 : 2);
  });
}

test("keeps the key after a lost reply, and removes it if the server has no record of the sensor", async () => {
  enrollWith();
  server.next.push(dropReply);
  expect((await unenroll()).exitCode).toBe(4);
  expect(isForgotten()).toBe(false);
  server.next.push(problem("sensor-unknown"));
  expect((await unenroll()).exitCode).toBe(0);
  expect(isForgotten()).toBe(true);
});

test("repeats the request once if the server asks for it soon", async () => {
  const isBusy = (seconds: number) => problem("unavailable", {}, { "retry-after": String(seconds) });
  enrollWith();
  server.next.push(isBusy(1), isBusy(1));
  expect((await unenroll()).exitCode).toBe(4);
  server.next.push(isBusy(3_600));
  expect((await unenroll()).exitCode).toBe(4);
  expect(server.received).toHaveLength(3);
  server.next.push(isBusy(1));
  const { exitCode, stderr } = await unenroll();
  expect(exitCode).toBe(0);
  expect(stderr).toContain("the server returned 503: The server is temporarily unavailable; retrying in 1 s");
  expect(isForgotten()).toBe(true);
});

test("keeps a key that another host may own, and removes it only with --force", async () => {
  enrollWith();
  for (const code of ["state-conflict", "sensor-cloned"] as const) {
    server.next.push(problem(code, { detail: "another host may run with its key" }));
    const { exitCode, stderr } = await unenroll();
    expect(exitCode).toBe(6);
    expect(stderr).toContain("another host may run with its key; the key was kept");
    expect(isForgotten()).toBe(false);
  }
  server.next.push(problem("state-conflict"));
  expect((await unenroll("--force")).exitCode).toBe(0);
  expect(isForgotten()).toBe(true);
});
