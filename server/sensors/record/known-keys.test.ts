// The result of each route for a public key, by the key's earlier use: one table for enrollment,
// re-enrollment, clones and announcements.
import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { blockSensor, createTicket, deleteSensor } from "@attacklens/protocol/sensors.ts";
import { drawSome } from "../../../harness/long-tests.ts";
import { makeTestSensor, type TestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../../testing/test-world.ts";

const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };
// biome-ignore lint/suspicious/noExplicitAny: replies of any route
type Reply = { status: number; body: any };
type Fetch = World["fetch"];
/** A sensor, the key that it signs with, and the key under test. */
interface Case {
  id: string;
  signer: TestSensor;
  key: TestSensor;
  /** Repeats the request that made the key known. */
  repeat?: (fetch?: Fetch) => Promise<Reply>;
}

let nonce = 0;

async function setUp(dialect: (typeof TESTED_DIALECTS)[number]) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const makeToken = async (name: string) => {
    const body = { name, scope: { type: "all-assets" }, expiresAt: null, clonedHosts: "allow" } as const;
    return await world.call(tokens.createEnrollmentToken, cookie, { body });
  };
  const [first, other] = [await makeToken("First"), await makeToken("Other")];

  async function post(
    fetch: Fetch,
    by: TestSensor,
    path: string,
    body: unknown,
    options = {},
  ): Promise<Reply> {
    const init = by.request("POST", path, body, world.clock.ms, { ...options, nonce: ++nonce });
    const response = await fetch(path, init);
    return { status: response.status, body: response.status === 204 ? {} : await response.json() };
  }
  const enrollWith =
    (token: string) =>
    (key: TestSensor, fetch = world.fetch) =>
      post(fetch, key, "/sensor/v1/enroll", key.enrollBody(), { token });
  const routes = {
    enrollFirst: enrollWith(first.value),
    enrollOther: enrollWith(other.value),
    announce: (key: TestSensor, { id, signer }: Case, fetch = world.fetch) =>
      post(
        fetch,
        signer,
        "/sensor/v1/keys",
        { publicKey: key.publicKey, proof: key.proof(id) },
        { keyid: id },
      ),
    reEnroll: async (key: TestSensor, { id }: Case, fetch = world.fetch, ticket?: string) => {
      const token = ticket ?? (await world.call(createTicket, cookie, { params: { id } })).value;
      return await post(fetch, key, "/sensor/v1/re-enroll", key.enrollBody(), { token });
    },
    /** `from` is the earlier key of the sensor, which the clone has. */
    clone: (key: TestSensor, { id }: Case, from: TestSensor, fetch = world.fetch) =>
      post(
        fetch,
        from,
        "/sensor/v1/clones",
        { ...key.enrollBody(), proof: key.proof(id) },
        { keyid: id, instanceId: crypto.randomUUID() },
      ),
    checkIn: (key: TestSensor, id: string) =>
      post(world.fetch, key, "/sensor/v1/check-in", VERSIONS, { keyid: id }),
    unenroll: (key: TestSensor, id: string) =>
      post(world.fetch, key, "/sensor/v1/unenroll", {}, { keyid: id }),
  };

  async function present(): Promise<Case & { key: TestSensor }> {
    const key = makeTestSensor();
    const { body } = await routes.enrollFirst(key);
    return { id: body.sensorId, signer: key, key, repeat: (fetch) => routes.enrollFirst(key, fetch) };
  }
  /** The sensor has rotated from `key` to `signer`. */
  async function rotated(): Promise<Case> {
    const { id, key } = await present();
    const signer = makeTestSensor();
    expect((await routes.checkIn(key, id)).status).toBe(200);
    expect((await routes.announce(signer, { id, signer: key, key })).status).toBe(204);
    expect((await routes.checkIn(signer, id)).status).toBe(200);
    return { id, signer, key };
  }
  const states: Record<string, () => Promise<Case>> = {
    new: async () => ({ ...(await present()), key: makeTestSensor() }),
    withdrawn: async () => {
      const sensor = await present();
      const key = makeTestSensor();
      await routes.checkIn(sensor.key, sensor.id);
      await routes.announce(key, sensor);
      await routes.announce(makeTestSensor(), sensor);
      return { ...sensor, key, repeat: undefined };
    },
    present,
    "present, by rotation": async () => {
      const { id, signer } = await rotated();
      return { id, signer, key: signer };
    },
    "present, by ticket": async () => {
      const sensor = await present();
      const { value } = await world.call(createTicket, cookie, { params: { id: sensor.id } });
      const key = makeTestSensor();
      const repeat = (fetch?: Fetch) => routes.reEnroll(key, sensor, fetch, value);
      expect((await repeat()).body.sensorId).toBe(sensor.id);
      return { id: sensor.id, signer: key, key, repeat };
    },
    "present, by clone": async () => {
      const original = await rotated();
      const key = makeTestSensor();
      const repeat = (fetch?: Fetch) => routes.clone(key, original, original.key, fetch);
      const { body } = await repeat();
      return { id: body.sensorId, signer: key, key, repeat };
    },
    next: async () => {
      const sensor = await present();
      const key = makeTestSensor();
      await routes.checkIn(sensor.key, sensor.id);
      const repeat = (fetch?: Fetch) => routes.announce(key, sensor, fetch);
      expect((await repeat()).status).toBe(204);
      return { id: sensor.id, signer: sensor.key, key, repeat };
    },
    rotated,
    "re-enrolled": async () => {
      const sensor = await present();
      const signer = makeTestSensor();
      expect((await routes.reEnroll(signer, sensor)).status).toBe(201);
      return { id: sensor.id, signer, key: sensor.key };
    },
    deleted: async () => {
      const sensor = await present();
      await world.call(deleteSensor, cookie, { params: { id: sensor.id } });
      return sensor;
    },
    removed: async () => {
      const sensor = await present();
      await world.db.updateTable("sensor").set({ removedAt: 1 }).where("id", "=", sensor.id).execute();
      return sensor;
    },
    unenrolled: async () => {
      const sensor = await present();
      expect((await routes.unenroll(sensor.key, sensor.id)).status).toBe(204);
      return sensor;
    },
    blocked: async () => {
      const sensor = await present();
      await world.call(blockSensor, cookie, { params: { id: sensor.id } });
      return sensor;
    },
  };
  const uses = async () => {
    const { items } = await world.call(tokens.listEnrollmentTokens, cookie);
    return items.map(({ name, enrolledSensors }) => `${name} ${enrolledSensors}`);
  };
  return { world, routes, states, present, rotated, uses };
}

/**
 * Without LONG_TESTS=1, some states are drawn. Columns: enroll with the sensor's token, enroll with another
 * one, re-enroll, clone, announce, repeat.
 */
const TABLE: Record<string, string[]> = {
  new: ["another", "another", "another", "another", "204", "the same"],
  withdrawn: ["another", "another", "another", "another", "204", "-"],
  present: ["the same", "key-taken", "key-taken", "key-taken", "key-taken", "the same"],
  "present, by rotation": ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "-"],
  "present, by ticket": ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "the same"],
  "present, by clone": ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "the same"],
  next: ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "204"],
  rotated: ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "-"],
  "re-enrolled": ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "-"],
  deleted: ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "key-taken"],
  removed: ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "key-taken"],
  unenrolled: ["key-taken", "key-taken", "key-taken", "key-taken", "key-taken", "key-taken"],
  blocked: ["sensor-blocked", "key-taken", "key-taken", "key-taken", "key-taken", "sensor-blocked"],
};

for (const dialect of TESTED_DIALECTS) {
  test(`every route refuses a sensor's present, earlier or announced key, except for a retry (${dialect})`, async () => {
    const { world, routes, states, rotated, uses } = await setUp(dialect);
    await using _ = world;
    const table: Record<string, string[]> = {};
    const drawn = drawSome(Object.entries(states), 5);
    for (const [state, make] of drawn) {
      const columns = [
        ({ key }: Case) => routes.enrollFirst(key),
        ({ key }: Case) => routes.enrollOther(key),
        async ({ key }: Case) => routes.reEnroll(key, await rotated()),
        async ({ key }: Case) => {
          const victim = await rotated();
          return await routes.clone(key, victim, victim.key);
        },
        async ({ key }: Case) => routes.announce(key, await rotated()),
        ({ repeat }: Case) => repeat?.(),
      ];
      table[state] = [];
      for (const column of columns) {
        const subject = await make();
        const reply = await column(subject);
        const outcome = () => {
          if (!reply) return "-";
          if (reply.body.sensorId === undefined) return reply.body.code ?? String(reply.status);
          return reply.body.sensorId === subject.id ? "the same" : "another";
        };
        table[state].push(outcome());
        if (reply && reply.status >= 400) expect([403, 409]).toContain(reply.status);
        // After every attempt with the announced key, its sensor can still rotate to it.
        if (state === "next") {
          expect((await routes.checkIn(subject.signer, subject.id)).status).toBe(200);
          expect((await routes.checkIn(subject.key, subject.id)).status).toBe(200);
        }
      }
    }
    expect(table).toEqual(Object.fromEntries(drawn.map(([state]) => [state, TABLE[state]!])));
    const others = drawn.filter(([state]) => TABLE[state]![1] === "another").length;
    expect((await uses()).toSorted()[1]).toBe(`Other ${others}`);
  });

  test(`only one of two simultaneous requests with the same key gets it, on any two routes (${dialect})`, async () => {
    const { world, routes, rotated } = await setUp(dialect);
    await using _ = world;
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    type Way = (key: TestSensor, victim: Case, fetch: Fetch) => Promise<Reply>;
    const ways: Way[] = [
      (key, _victim, fetch) => routes.enrollFirst(key, fetch),
      (key, _victim, fetch) => routes.enrollOther(key, fetch),
      (key, victim, fetch) => routes.reEnroll(key, victim, fetch),
      (key, victim, fetch) => routes.clone(key, victim, victim.key, fetch),
      (key, victim, fetch) => routes.announce(key, victim, fetch),
    ];
    const pairs = ways.flatMap((one) => ways.map((other) => [one, other] as const));
    // The same key with the same token is a retry.
    const contests = pairs.filter(([one, other]) => one !== other || ways.indexOf(one) >= 2);
    for (const [one, other] of drawSome(contests, 8)) {
      const key = makeTestSensor();
      const [left, right] = [await rotated(), await rotated()];
      const replies = await Promise.all([one(key, left, world.fetch), other(key, right, second)]);
      const outcomes = replies.map(({ status, body }) => body.code ?? `${status}`[0]).toSorted();
      expect(outcomes).toEqual(["2", "key-taken"]);
    }
  });

  test(`a repeated refusal with the same reference causes no error, and every reference has 60 bits (${dialect})`, async () => {
    const { world, routes, rotated } = await setUp(dialect);
    await using _ = world;
    const { key } = await rotated();
    for (let attempt = 0; attempt < 2; attempt++)
      expect((await routes.enrollFirst(key)).body).toMatchObject({ code: "key-taken" });
    const references = await world.db.selectFrom("enrollmentAttempt").select("reference").execute();
    for (const { reference } of references) expect(reference).toMatch(/^E-[0-9A-HJKMNP-TV-Z]{12}$/);
  });
}
