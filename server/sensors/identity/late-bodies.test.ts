// A request is admitted by its head, and its body may arrive up to 30 seconds later. Nothing of it may be
// stored if the sensor was blocked, deleted, unenrolled or given another key in between.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { revokeAndBlockEnrollmentToken } from "@attacklens/protocol/revoke-and-block.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import type { Database } from "../../db/schema.ts";
import { withLateBody } from "../../testing/late-body.ts";
import { CHECK_IN, HELLO, PACKAGES, sha256 } from "../../testing/test-reporter.ts";
import { makeTestSensor, type SignOptions, type TestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../../testing/test-world.ts";

async function enrolled(world: World, cookie: string, requireApproval = false) {
  const settings = { scope: { type: "all-assets" }, expiresAt: null, requireApproval } as const;
  const body = { name: crypto.randomUUID(), ...settings };
  const { value, enrollmentToken } = await world.call(createEnrollmentToken, cookie, { body });
  const key = makeTestSensor();
  const send = async (path: string, content: unknown, options: SignOptions = {}, by = key) => {
    const reply = await world.fetch(path, by.request("POST", path, content, world.clock.ms, options));
    const text = await reply.text();
    if (reply.status >= 400) throw new Error(`${path}: ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
  const hostname = `host-${crypto.randomUUID()}`;
  const { sensorId: id } = await send("/sensor/v1/enroll", key.enrollBody(hostname), { token: value });
  if (requireApproval) {
    const { fingerprint } = await world.call(sensors.getSensor, cookie, { params: { id } });
    await world.call(sensors.approveSensor, cookie, { params: { id }, body: { fingerprint } });
  }
  await send(CHECK_IN, HELLO, { keyid: id });
  return { world, cookie, id, key, hostname, tokenId: enrollmentToken.id, send };
}

type Sensor = Awaited<ReturnType<typeof enrolled>>;

const WITHDRAW = "withdraw the approval of";
const ROTATE = "rotate the key of";

async function rotate({ id, send }: Sensor) {
  const next = makeTestSensor();
  const body = { publicKey: next.publicKey, proof: next.proof(id) };
  await send("/sensor/v1/keys", body, { keyid: id });
  await send(CHECK_IN, HELLO, { keyid: id, nonce: 1_000 }, next);
}

/** What ends the right of an admitted request, and the reply to it when its body arrives. */
const CHANGES: Record<string, { code: string; change: (sensor: Sensor) => Promise<unknown> }> = {
  block: {
    code: "sensor-blocked",
    change: ({ world, cookie, id }) => world.call(sensors.blockSensor, cookie, { params: { id } }),
  },
  "revoke and block": {
    code: "sensor-blocked",
    change: ({ world, cookie, tokenId }) =>
      world.call(revokeAndBlockEnrollmentToken, cookie, {
        params: { id: tokenId },
        body: { expectedSensors: 1 },
      }),
  },
  [WITHDRAW]: {
    code: "sensor-awaiting-approval",
    change: ({ world, cookie, id }) => world.call(sensors.withdrawApproval, cookie, { params: { id } }),
  },
  delete: {
    code: "sensor-unknown",
    change: ({ world, cookie, id }) => world.call(sensors.deleteSensor, cookie, { params: { id } }),
  },
  unenroll: {
    code: "sensor-unknown",
    change: ({ id, send }) => send("/sensor/v1/unenroll", {}, { keyid: id }),
  },
  "re-enroll": {
    code: "key-replaced",
    change: async ({ world, cookie, id, hostname, send }) => {
      const { value } = await world.call(sensors.createTicket, cookie, { params: { id } });
      const other = makeTestSensor();
      const token = { token: value, nonce: 1_000 };
      await send("/sensor/v1/re-enroll", other.enrollBody(hostname), token, other);
    },
  },
  [ROTATE]: { code: "too-many-requests", change: rotate },
};

/** A list that no other host has. */
function newPackages() {
  const name = crypto.randomUUID();
  const own = { ...PACKAGES[0]!, name, key: `dpkg:${name}:amd64`, purl: `pkg:deb/debian/${name}@5.2` };
  const chunks = cutChunks("packages", [own], sha256);
  const hashes = chunks.map(({ hash }) => hash);
  return {
    list: { root: rootHash(hashes, sha256), chunks: hashes },
    chunks: Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)])),
  };
}

const unsupported = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
const update = { method: "self", target: "linux-x64" };

interface Late {
  path: string;
  method?: string;
  body: (sensor: { id: string; key: TestSensor }) => unknown;
  options?: SignOptions;
  /** Makes the sender's key an earlier one. */
  isClone?: true;
  /** Changes after which the request is right. */
  stays?: string[];
}

const BLOCKED = ["block", "revoke and block", WITHDRAW];

/** Every request of a sensor that stores something. */
const REQUESTS: Record<string, Late> = {
  "a report": { path: CHECK_IN, body: () => ({ ...HELLO, inventory: unsupported }) },
  "a report with a list": {
    path: CHECK_IN,
    body: () => ({
      ...HELLO,
      inventory: { users: { status: "collected", root: sha256("[]"), chunks: [] } },
    }),
  },
  "another version": { path: CHECK_IN, body: () => ({ ...HELLO, sensorVersion: "2026.12.0" }) },
  "an update": { path: CHECK_IN, body: () => ({ ...HELLO, update }) },
  "a key for MACs": { path: CHECK_IN, body: ({ key: { agreementKey } }) => ({ ...HELLO, agreementKey }) },
  "another instance": {
    path: CHECK_IN,
    body: () => HELLO,
    options: { instanceId: "0b7f0d9e-2c1b-4c57-9f0e-1d2c3b4a5f60" },
  },
  "lists with chunks": {
    ...{ path: "/sensor/v1/inventory", method: "PUT" },
    body: () => {
      const { list, chunks } = newPackages();
      return { categories: { packages: list }, chunks };
    },
  },
  "an empty list": {
    ...{ path: "/sensor/v1/inventory/users", method: "PUT" },
    body: () => ({ root: sha256("[]"), chunks: [] }),
  },
  chunks: {
    ...{ path: "/sensor/v1/inventory/packages/chunks", method: "PUT" },
    body: () => ({ chunks: newPackages().chunks }),
  },
  "the next key": {
    path: "/sensor/v1/keys",
    body: ({ id }) => {
      const { publicKey, proof } = makeTestSensor();
      return { publicKey, proof: proof(id) };
    },
  },
  "its separate key": {
    path: "/sensor/v1/clones",
    body: ({ id }) => {
      const own = makeTestSensor();
      return { ...own.enrollBody("clone-01"), proof: own.proof(id) };
    },
    ...{ isClone: true, stays: [WITHDRAW, "unenroll", "re-enroll", ROTATE] },
  },
  "its unenrollment": { path: "/sensor/v1/unenroll", body: () => ({}), stays: BLOCKED },
};

/** Returns a function that returns the rows of all tables. */
async function openReader(db: Database) {
  const tables = await db.introspection.getTables();
  // The triggers of a search index have their own tests, and its tables are binary.
  const names = tables.flatMap(({ name }) => (/_search/.test(name) ? [] : [name]));
  return async () => {
    const rows: Record<string, string[]> = {};
    for (const name of names) {
      const { rows: all } = await sql`select * from ${sql.table(name)}`.execute(db);
      rows[name] = all.map((row) => JSON.stringify(row)).toSorted();
    }
    return rows;
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`nothing of a body that arrives after a change of its sensor is stored (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const fetch = dialect === "sqlite" ? world.fetch : await world.secondFetch();

    async function begin(what: string, verb?: string) {
      const sensor = await enrolled(world, cookie, verb === WITHDRAW);
      const { path, method = "POST", body, options, isClone } = REQUESTS[what]!;
      if (isClone) await rotate(sensor);
      const signing = { keyid: sensor.id, nonce: isClone ? 2_000 : undefined, ...options };
      const request = sensor.key.request(method, path, body(sensor), world.clock.ms, signing);
      return { what, sensor, deliver: await withLateBody(fetch, path, request) };
    }

    // Each stores something without a change.
    const everything = await openReader(world.db);
    const accepted = await Promise.all(Object.keys(REQUESTS).map((what) => begin(what)));
    let stored = await everything();
    for (const { what, deliver } of accepted) {
      expect([what, await deliver()]).toEqual([what, expect.any(Number)]);
      const before = stored;
      stored = await everything();
      expect([what, stored]).not.toEqual([what, before]);
    }
    for (const [verb, { code, change }] of Object.entries(CHANGES)) {
      const isRefused = (what: string) => !(REQUESTS[what]!.stays ?? []).includes(verb);
      const begun = await Promise.all(
        Object.keys(REQUESTS)
          .filter(isRefused)
          .map((what) => begin(what, verb)),
      );
      await Promise.all(begun.map(({ sensor }) => change(sensor)));
      const before = await everything();
      const replies = begun.map(async ({ what, deliver }) => [verb, what, await deliver()]);
      expect(await Promise.all(replies)).toEqual(begun.map(({ what }) => [verb, what, code]));
      expect([verb, await everything()]).toEqual([verb, before]);
    }
  });

  test(`nothing of a body that is being stored is stored after the reply to a block (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const fetch = dialect === "sqlite" ? world.fetch : await world.secondFetch();
    const body = { ...HELLO, inventory: unsupported };
    const stored = async ({ id }: Sensor) => ({
      ...(await world.db.selectFrom("sensor").select("revision").where("id", "=", id).executeTakeFirst()),
      states: await world.db.selectFrom("sensorInventory").selectAll().where("sensorId", "=", id).execute(),
    });
    const replies = new Set<number | string>();
    // The block comes later each round.
    for (let round = 0; round < 12; round++) {
      const sensor = await enrolled(world, cookie);
      const request = sensor.key.request("POST", CHECK_IN, body, world.clock.ms, {
        keyid: sensor.id,
      });
      const deliver = await withLateBody(fetch, CHECK_IN, request);
      const reply = deliver();
      for (let reads = 0; reads < round; reads++) await stored(sensor);
      await world.call(sensors.blockSensor, cookie, { params: { id: sensor.id } });
      const atReply = await stored(sensor);
      replies.add(await reply);
      expect(await stored(sensor)).toEqual(atReply);
    }
    expect([...replies].filter((reply) => reply !== 200 && reply !== "sensor-blocked")).toEqual([]);
  });

  test(`a blocked sensor does not delay or undo what others store with it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const { list, chunks } = newPackages();
    const body = { categories: { packages: list }, chunks };
    const begun = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const sensor = await enrolled(world, cookie);
        const path = "/sensor/v1/inventory";
        const request = sensor.key.request("PUT", path, body, world.clock.ms, { keyid: sensor.id });
        return { sensor, deliver: await withLateBody(world.fetch, path, request) };
      }),
    );
    // The first one's upload has the chunks for all.
    const blocked = [0, 3];
    for (const index of blocked)
      await world.call(sensors.blockSensor, cookie, { params: { id: begun[index]!.sensor.id } });
    const replies = await Promise.all(begun.map(({ deliver }) => deliver()));
    expect(replies).toEqual(["sensor-blocked", 200, 200, "sensor-blocked", 200, 200]);
    for (const [index, { sensor }] of begun.entries()) {
      const params = { id: sensor.id, category: "packages" } as const;
      const { total } = await world.call(listSensorInventory, cookie, { params, query: {} });
      expect([index, total]).toEqual([index, blocked.includes(index) ? 0 : 1]);
    }
  });
}
