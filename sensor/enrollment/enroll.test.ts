// Enrollment with a server that drops, delays or refuses requests. The key is on the disk before the first
// request and does not change.

import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { SensorError } from "../sensor-error.ts";
import {
  type EnrolledIdentity,
  identityPath,
  makeIdentity,
  readIdentity,
  writeIdentity,
} from "../state/identity.ts";
import { makeFolder, TOKEN } from "../testing/test-command.ts";
import { HOST } from "../testing/test-host.ts";
import {
  type Answer,
  dropReply,
  enrolledReply,
  json,
  problem,
  SENSOR_ID,
  startTestServer,
} from "../testing/test-server.ts";
import { enroll } from "./enroll.ts";

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

/** Enrolls; `stopAfter` is the number of attempts after which the user presses Ctrl-C. */
function tryEnrolling({ waitMs = 60_000, stopAfter = Number.POSITIVE_INFINITY } = {}) {
  const retries: string[] = [];
  const stop = new AbortController();
  const onRetry = (reason: string) => {
    retries.push(reason);
    if (retries.length >= stopAfter) stop.abort();
  };
  const options = { stateDir: folder.path, server: server.url, token: TOKEN, host: HOST };
  return { retries, outcome: enroll({ ...options, waitMs, signal: stop.signal, onRetry }) };
}

async function errorOf(promise: Promise<unknown>): Promise<SensorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SensorError);
  return error as SensorError;
}

test("sends the token once, signed with the key, together with the host facts", async () => {
  const enrolled = await tryEnrolling().outcome;
  expect(enrolled).toMatchObject({ sensorId: SENSOR_ID, state: "enrolled", assetGroup: undefined });
  expect(server.received).toMatchObject([
    { method: "POST", path: "/sensor/v1/enroll", token: TOKEN, keyid: enrolled.publicKey },
  ]);
  expect(server.received[0]?.body).toMatchObject({ publicKey: enrolled.publicKey, host: HOST });
  expect(JSON.stringify(server.received[0]?.body)).not.toContain(enrolled.privateKey);
});

test("returns the name of the asset group", async () => {
  const assetGroup = { id: "grp_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f", name: "Web servers" };
  server.next.push(json(201, { ...enrolledReply(), assetGroup }));
  expect((await tryEnrolling().outcome).assetGroup).toBe("Web servers");
});

test("writes the key to the disk before the first request", async () => {
  let onDisk = "";
  server.next.push((response, request) => {
    onDisk = readFileSync(identityPath(folder.path), "utf8");
    json(201, enrolledReply())(response, request);
  });
  await tryEnrolling().outcome;
  expect(JSON.parse(onDisk)).toMatchObject({ state: "enrolling", publicKey: server.received[0]?.keyid });
});

test("retries with the same key after a lost reply", async () => {
  server.next.push(dropReply, dropReply);
  const { retries, outcome } = tryEnrolling();
  const { publicKey } = await outcome;
  expect(retries).toEqual(Array(2).fill(`${server.url}: the server closed the connection; retrying in 0 s`));
  expect(server.received.map(({ keyid }) => keyid)).toEqual([publicKey, publicKey, publicKey]);
});

test("a repeated command uses the same key after a lost reply", async () => {
  server.next.push(dropReply);
  const error = await errorOf(tryEnrolling({ waitMs: -1 }).outcome);
  expect(error).toMatchObject({
    exit: "serverUnreachable",
    message: `Cannot enroll sensor: ${server.url}: the server closed the connection`,
  });
  const { publicKey } = await tryEnrolling().outcome;
  expect(server.received.map(({ keyid }) => keyid)).toEqual([publicKey, publicKey]);
});

test("does not reuse the key of an incomplete enrollment with another server", async () => {
  server.next.push(dropReply);
  await errorOf(tryEnrolling({ waitMs: -1 }).outcome);
  await using other = await startTestServer();
  await enroll({
    stateDir: folder.path,
    server: other.url,
    token: TOKEN,
    host: HOST,
    waitMs: 0,
    signal: new AbortController().signal,
    onRetry: () => {},
  });
  expect(other.received[0]?.keyid).not.toBe(server.received[0]?.keyid as string);
});

describe("a host that another command enrolled in the meantime", () => {
  const asEnrolled = (url: string): EnrolledIdentity => ({
    ...makeIdentity(url),
    state: "enrolled",
    sensorId: SENSOR_ID,
    enrolledAt: "2026-11-24T09:30:00.000Z",
  });
  for (const withWhom of ["this server", "another server"]) {
    test(`with ${withWhom} keeps its identity, and nothing is sent`, async () => {
      const identity = asEnrolled(withWhom === "this server" ? server.url : "https://other.example");
      writeIdentity(folder.path, identity);
      const { outcome } = tryEnrolling();
      if (withWhom === "this server") expect(await outcome).toMatchObject(identity);
      else
        expect((await errorOf(outcome)).message).toContain("already enrolled with https://other.example as");
      expect(readIdentity(folder.path)).toEqual(identity);
      expect(server.received).toEqual([]);
    });
  }
});

test("nonces increase between attempts at the same time and for a command repeated a millisecond later", async () => {
  const clock = spyOn(Date, "now").mockReturnValue(Date.parse("2026-11-24T09:30:00.000Z"));
  try {
    server.next.push(dropReply, dropReply, dropReply);
    await errorOf(tryEnrolling({ stopAfter: 2 }).outcome);
    clock.mockReturnValue(Date.parse("2026-11-24T09:30:00.001Z"));
    await tryEnrolling().outcome;
  } finally {
    clock.mockRestore();
  }
  const first = Date.parse("2026-11-24T09:30:00.000Z") * 1000;
  expect(server.received.map(({ nonce }) => nonce - first)).toEqual([0, 1, 1000, 1001]);
});

test("corrects a wrong clock to the server's time and signs with the corrected time", async () => {
  const serverTime = "2031-05-06T07:08:09.000Z";
  server.next.push(problem("clock-skewed", { serverTime }));
  await tryEnrolling().outcome;
  const corrected = server.received[1]?.created as number;
  expect(corrected).toBeGreaterThanOrEqual(Date.parse(serverTime) / 1000);
  expect(corrected).toBeLessThan(Date.parse(serverTime) / 1000 + 60);
});

test("stops after three refusals because of the clock", async () => {
  const skewed = problem("clock-skewed", { serverTime: "2031-05-06T07:08:09.000Z" });
  server.next.push(skewed, skewed, skewed);
  expect(await errorOf(tryEnrolling().outcome)).toMatchObject({ exit: "sensorRefused" });
  expect(server.received).toHaveLength(3);
});

describe("the refusal", () => {
  for (const [code, exit] of [
    ["token-unknown", "tokenRefused"],
    ["token-revoked", "tokenRefused"],
    ["token-expired", "tokenRefused"],
    ["token-group-deleted", "tokenRefused"],
    ["key-taken", "sensorRefused"],
    ["input-invalid", "sensorRefused"],
    ["not-found", "sensorRefused"],
  ] as const) {
    test(`${code} ends enrollment immediately and keeps the key`, async () => {
      server.next.push(problem(code, { detail: "Cannot enroll sensor: because" }));
      const error = await errorOf(tryEnrolling().outcome);
      expect(error).toMatchObject({ exit, message: "Cannot enroll sensor: because (request req-1)" });
      expect(error.hint === undefined).toBe(code === "input-invalid" || code === "not-found");
      expect(server.received).toHaveLength(1);
      expect(readIdentity(folder.path)).toMatchObject({ publicKey: server.received[0]?.keyid });
    });
  }
});

test("the hint for a rejected key explains how to create a new one", async () => {
  server.next.push(problem("key-taken"));
  const { hint } = await errorOf(tryEnrolling().outcome);
  expect(hint).toContain(`move ${identityPath(folder.path)} away and run the same command again`);
});

describe("Retry-After", () => {
  for (const code of ["too-many-requests", "unavailable"] as const) {
    test(`sets the wait after ${code}`, async () => {
      server.next.push(problem(code, {}, { "retry-after": "37" }));
      const { retries, outcome } = tryEnrolling({ stopAfter: 1 });
      expect((await errorOf(outcome)).message).toContain(": the server returned ");
      expect(retries).toHaveLength(1);
      expect(retries[0]).toEndWith("; retrying in 37 s");
      expect(server.received).toHaveLength(1);
    });
  }

  test("beyond the maximum wait ends enrollment immediately", async () => {
    server.next.push(problem("unavailable", {}, { "retry-after": "61" }));
    const { retries, outcome } = tryEnrolling({ waitMs: 60_000 });
    expect((await errorOf(outcome)).message).toBe(
      `Cannot enroll sensor: ${server.url}: the server returned 503: The server is temporarily unavailable`,
    );
    expect(retries).toEqual([]);
    expect(server.received).toHaveLength(1);
  });

  test("is limited to an hour, and dates are ignored", async () => {
    server.next.push(
      problem("unavailable", {}, { "retry-after": "999999999" }),
      problem("unavailable", {}, { "retry-after": "Wed, 01 Jan 2098 00:00:00 GMT" }),
    );
    const hour = tryEnrolling({ waitMs: 3_700_000, stopAfter: 1 });
    await errorOf(hour.outcome);
    expect(hour.retries[0]).toEndWith("; retrying in 3600 s");
    const date = tryEnrolling({ stopAfter: 1 });
    await errorOf(date.outcome);
    expect(date.retries[0]).toEndWith("; retrying in 0 s");
  });
});

describe("a reply that is not from an AttackLens server", () => {
  const raw =
    (head: string, body = ""): Answer =>
    (response) => {
      response.socket?.end(`${head}\r\n\r\n${body}`);
    };
  const strange = "the reply to POST /sensor/v1/enroll does not come from an AttackLens server";
  const replies: [string, Answer, string][] = [
    [
      "a captive portal page",
      json(200, "<html>Sign in</html>"),
      "a program that is not an AttackLens server returned 200",
    ],
    ["an HTML page with the right status", json(201, "<html>", { "content-type": "text/html" }), strange],
    ["JSON of another program", json(201, { id: 1 }), strange],
    ["JSON with an invalid id", json(201, { ...enrolledReply(), sensorId: "../../etc" }), strange],
    ["incomplete JSON", json(201, '{"sensorId":"sen_0198'), strange],
    ["an empty body", json(201, ""), strange],
    [
      "a refusal without a problem",
      json(403, "no"),
      "a program that is not an AttackLens server returned 403",
    ],
    [
      "a failure without a problem",
      json(502, "<html>Bad gateway"),
      "the server returned 502: no explanation",
    ],
    ["ten megabytes", json(201, "x".repeat(10_000_000)), "the reply is larger than 4194304 bytes"],
    [
      "ten megabytes of spaces in a refusal",
      json(403, " ".repeat(10_000_000)),
      "the reply is larger than 4194304 bytes",
    ],
    [
      "a body shorter than announced",
      raw("HTTP/1.1 201 Created\r\nContent-Length: 500", '{"sensorId":'),
      "the server closed the connection",
    ],
    ["not HTTP", raw("SSH-2.0-OpenSSH_9.6"), "the reply is not HTTP"],
  ];
  for (const [name, answer, reason] of replies) {
    test(`is reported and keeps the key: ${name}`, async () => {
      server.next.push(answer);
      expect(await errorOf(tryEnrolling({ waitMs: -1 }).outcome)).toMatchObject({
        exit: "serverUnreachable",
        message: `Cannot enroll sensor: ${server.url}: ${reason}`,
      });
      expect(readIdentity(folder.path)).toMatchObject({
        state: "enrolling",
        publicKey: server.received[0]?.keyid,
      });
    });
  }

  test("is not followed if it is a redirect, so the token stays at the given address", async () => {
    await using other = await startTestServer();
    for (const status of [301, 302, 303, 307, 308]) {
      server.next.push(json(status, "", { location: `${other.url}/sensor/v1/enroll` }));
      expect((await errorOf(tryEnrolling({ waitMs: -1 }).outcome)).message).toContain(
        `a program that is not an AttackLens server returned ${status}`,
      );
    }
    expect(other.received).toEqual([]);
  });
});
