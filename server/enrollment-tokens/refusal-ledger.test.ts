import { expect, test } from "bun:test";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { sql } from "kysely";
import type { EnrollmentAttemptTable } from "../db/schema-tokens.ts";
import { newId } from "../ids.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { openRefusalLedger } from "./refusal-ledger.ts";

const PATH = "/sensor/v1/enroll";
const settings = { name: "Servers", scope: { type: "all-assets" }, expiresAt: null } as const;

async function enroll(world: World, token: string, sensor: TestSensor, hostname = "web-01") {
  const init = sensor.request("POST", PATH, sensor.enrollBody(hostname), world.clock.ms, { token });
  const response = await world.fetch(PATH, init);
  const body = (await response.json()) as { code?: string; reference?: string; sensorId?: string };
  return { status: response.status, body };
}

async function makeToken(world: World) {
  const cookie = await world.signedIn("posture-manager");
  const { value, enrollmentToken } = await world.call(tokens.createEnrollmentToken, cookie, {
    body: settings,
  });
  const params = { id: enrollmentToken.id };
  const attempts = async (outcome: "accepted" | "refused") =>
    await world.call(listEnrollmentAttempts, cookie, {
      query: { enrollmentTokenId: params.id, outcome, limit: "100" },
    });
  return { cookie, value, params, attempts };
}

function refusal(enrollmentTokenId: string, host: number, at: number): EnrollmentAttemptTable {
  const name = `host-${host}`;
  return {
    id: newId("enrollment"),
    enrollmentTokenId,
    reference: `E-${host}`,
    reason: "token-revoked",
    detail: "token was revoked",
    firstAt: at,
    at,
    attempts: 1,
    address: "10.1.2.3",
    hostname: name,
    hostnameKey: name,
    publicKey: name,
    sensorId: null,
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`every host with a revoked token receives the reason; the ledger writes a few refusals at once, the rest in batches (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { cookie, value, params, attempts } = await makeToken(world);
    await world.call(tokens.revokeEnrollmentToken, cookie, { params });
    const hosts = Array.from({ length: 60 }, makeTestSensor);
    const rounds = [];
    for (let round = 0; round < 3; round++)
      rounds.push(await Promise.all(hosts.map((host, index) => enroll(world, value, host, `h-${index}`))));
    for (const { status, body } of rounds.flat())
      expect({ status, code: body.code }).toEqual({ status: 403, code: "token-revoked" });
    expect((await attempts("refused")).items).toHaveLength(25);

    expect(await world.refusals.flush()).toBe(0);
    const { items } = await attempts("refused");
    expect(items.map(({ attempts }) => attempts)).toEqual(Array(60).fill(3));
    expect(new Set(items.map(({ reference }) => reference))).toEqual(
      new Set(rounds[0]!.map(({ body }) => body.reference!)),
    );
    const token = await world.call(tokens.getEnrollmentToken, cookie, { params });
    expect(token.refusedAttempts).toBe(180);

    // The budget is new each second, so the reference of a new refusal is found immediately.
    world.clock.ms += 1_000;
    const { body } = await enroll(world, value, makeTestSensor(), "late");
    const found = await world.call(listEnrollmentAttempts, cookie, { query: { q: body.reference! } });
    expect(found.items).toHaveLength(1);
  });

  test(`many refusals of one token do not delay those of another (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const one = await makeToken(world);
    const { enrollmentToken } = await world.call(tokens.createEnrollmentToken, one.cookie, {
      body: { ...settings, name: "Other" },
    });
    const ledger = openRefusalLedger(world.db, () => world.clock.ms);
    for (let host = 0; host < 100; host++) await ledger.record(refusal(one.params.id, host, world.clock.ms));
    await ledger.record(refusal(enrollmentToken.id, 0, world.clock.ms));
    expect((await one.attempts("refused")).items).toHaveLength(25);
    const query = { enrollmentTokenId: enrollmentToken.id };
    expect((await world.call(listEnrollmentAttempts, one.cookie, { query })).items).toHaveLength(1);
  });

  test(`the ledger keeps the latest refusals of a token, and every accepted attempt (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { value, params, attempts } = await makeToken(world);
    const { body } = await enroll(world, value, makeTestSensor());
    const limits = { atOncePerSecond: 2, batch: 10, writtenAtOnce: 100, waiting: 30, kept: 15 };
    const ledger = openRefusalLedger(world.db, () => world.clock.ms, limits);
    // Two refusals are written at once, and 30 of the other 48 wait. The oldest waiting ones are dropped.
    for (let host = 0; host < 50; host++)
      await ledger.record(refusal(params.id, host, world.clock.ms + host));
    const left = [];
    do left.push(await ledger.flush());
    while (left.at(-1)! > 0);
    expect(left).toEqual([20, 10, 0]);
    const refused = (await attempts("refused")).items.map(({ hostname }) => hostname);
    expect(refused).toEqual(Array.from({ length: 15 }, (_, index) => `host-${49 - index}`));
    const accepted = (await attempts("accepted")).items;
    expect(accepted.map(({ sensor }) => sensor?.id)).toEqual([body.sensorId]);
  });

  test(`refusals that could not be written are written by the next flush (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { params, attempts } = await makeToken(world);
    const ledger = openRefusalLedger(world.db, () => world.clock.ms, {
      atOncePerSecond: 0,
      batch: 10,
      writtenAtOnce: 100,
      waiting: 10,
      kept: 10,
    });
    await ledger.record(refusal(params.id, 1, world.clock.ms));
    await sql`alter table enrollment_attempt rename to hidden_attempt`.execute(world.db);
    await ledger.flush().then(
      () => expect.unreachable(),
      () => {},
    );
    await ledger.record(refusal(params.id, 1, world.clock.ms + 5));
    await sql`alter table hidden_attempt rename to enrollment_attempt`.execute(world.db);
    expect(await ledger.flush()).toBe(0);
    const { items } = await attempts("refused");
    expect(items).toMatchObject([{ hostname: "host-1", attempts: 2 }]);
    expect(Date.parse(items[0]!.at) - Date.parse(items[0]!.firstAt)).toBe(5);
  });
}
