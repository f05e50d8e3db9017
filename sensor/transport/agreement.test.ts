// MACs of a running sensor, against a server that verifies each: when it agrees on a key, and when it signs.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { replaceKey } from "@attacklens/protocol/enroll.ts";
import { putManifest } from "@attacklens/protocol/inventory/upload.ts";
import { makeReport, sendReport } from "../reporting/report.ts";
import { makeTestAgreement } from "../testing/test-agreement.ts";
import { problem, SENSOR_ID, signedProblem, startTestServer } from "../testing/test-server.ts";
import { endAgreement } from "./agreement.ts";
import { type Connection, connect, send } from "./request.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let connection: Connection;
let nowMs = Date.parse("2026-11-24T09:30:00.000Z");
const agreement = makeTestAgreement();

beforeEach(async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  server = await startTestServer({ publicKey: publicKey.export({ format: "jwk" }).x });
  server.world.agreement = agreement;
  const { serverKey } = agreement;
  connection = connect(server.url, privateKey, SENSOR_ID, { serverKey, now: () => nowMs });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** Sends a report. Returns how each request was authenticated, and whether it announced a key. */
async function report() {
  const before = server.received.length;
  await sendReport(connection, makeReport({}, nowMs));
  return server.received
    .slice(before)
    .map(({ isMac, body }) => `${isMac ? "MAC" : "Ed25519"}${body.agreementKey ? ", announces" : ""}`);
}

test("an instance announces a key with its first check-in, and makes MACs from then on", async () => {
  expect(await report()).toEqual(["Ed25519, announces"]);
  expect([await report(), await report()]).toEqual([["MAC"], ["MAC"]]);
  const manifest = {
    params: { category: "users" },
    body: { root: "a".repeat(64), chunks: [] as string[] },
  } as const;
  await send(connection, putManifest, manifest);
  expect(server.received.at(-1)).toMatchObject({ isMac: true, signatureError: undefined });
  const proven = { publicKey: connection.keyid, proof: "" } as never;
  await send(connection, replaceKey, { body: proven });
  expect(server.received.at(-1)).toMatchObject({ isMac: false, signatureError: undefined });
  const announced = server.received[0]?.body.agreementKey;
  endAgreement(connection, false);
  expect(await report()).toEqual(["Ed25519, announces"]);
  expect(server.received.at(-1)?.body.agreementKey).not.toBe(announced);
});

test("a refused MAC is signed with Ed25519, and after a second refusal, MACs pause for an hour", async () => {
  await report();
  agreement.rotate();
  expect(await report()).toEqual(["MAC", "Ed25519"]);
  expect(await report()).toEqual(["Ed25519, announces"]);
  expect(await report()).toEqual(["MAC"]);
  agreement.rotate();
  expect(await report()).toEqual(["MAC", "Ed25519"]);
  expect([await report(), await report()]).toEqual([["Ed25519"], ["Ed25519"]]);
  nowMs += 3_600_000;
  expect(await report()).toEqual(["Ed25519, announces"]);
  expect(await report()).toEqual(["MAC"]);
});

test("a sensor takes no key that its server has not signed, and no point of small order", async () => {
  const signed = agreement.reply();
  const other = makeTestAgreement().reply();
  for (const forged of [
    other,
    { ...signed, id: other.id },
    { ...signed, publicKey: other.publicKey },
    { ...signed, signature: other.signature },
  ]) {
    server.world.checkInReply = { agreement: forged };
    expect(await report()).toEqual(["Ed25519, announces"]);
    expect(connection.mac).toBeUndefined();
  }
  server.world.checkInReply = { agreement: { ...signed, publicKey: "A".repeat(43) } };
  await expect(report()).rejects.toThrow("does not come from an AttackLens server");
  server.world.checkInReply = {};
  connection.serverKey = undefined;
  expect([await report(), await report()]).toEqual([["Ed25519, announces"], ["Ed25519, announces"]]);
});

test("another key of the server in the reply to a MAC makes the sensor announce again", async () => {
  await report();
  server.world.checkInReply = { agreement: agreement.reply() };
  expect([await report(), await report()]).toEqual([["MAC"], ["MAC"]]);
  const before = connection.mac;
  const { mac } = agreement;
  agreement.mac = (request) => {
    agreement.mac = mac;
    const made = mac(request);
    agreement.rotate();
    server.world.checkInReply = { agreement: agreement.reply() };
    return made;
  };
  expect(await report()).toEqual(["MAC"]);
  expect(await report()).toEqual(["Ed25519, announces"]);
  expect(await report()).toEqual(["MAC"]);
  expect(connection.mac).not.toEqual(before);
});

test("a refusal by another server does not end the agreement", async () => {
  await report();
  const { mac } = connection;
  const { privateKey } = generateKeyPairSync("ed25519");
  for (const refusal of [problem("signature-invalid"), signedProblem(privateKey, "signature-invalid")]) {
    server.next.push(refusal);
    await expect(report()).rejects.toThrow();
    expect(connection.mac).toEqual(mac);
  }
  expect(await report()).toEqual(["MAC"]);
});

test("a server that does not know announced keys gets the check-in without one, for an hour", async () => {
  const fields = { agreementKey: "is not known" };
  server.next.push(signedProblem(agreement.signingKey, "input-invalid", { fields }));
  expect(await report()).toEqual(["Ed25519, announces", "Ed25519"]);
  expect(await report()).toEqual(["Ed25519"]);
  nowMs += 3_600_000;
  expect(await report()).toEqual(["Ed25519, announces"]);
  expect(await report()).toEqual(["MAC"]);
});
