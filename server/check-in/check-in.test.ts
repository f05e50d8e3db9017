import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CATEGORY_BYTES } from "@attacklens/protocol/inventory/upload.ts";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import fc from "fast-check";
import { drawnCases } from "../../harness/all-kills.ts";
import { makeTestSensor, type SignOptions } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const CHECK_IN = "/sensor/v1/check-in";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hello = { protocolVersion: 1, sensorVersion: "2026.11.0" };

/** A sensor that is enrolled, and sends what it is told to. */
async function enrolled(world: World, cookie: string, hostname = "web-01") {
  const body = { name: crypto.randomUUID(), scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const init = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(hostname), world.clock.ms, {
    token: value,
  });
  const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", init)).json()) as { sensorId: string };
  return {
    id: sensorId,
    async send(method: string, path: string, content: unknown, options: SignOptions = {}) {
      const request = sensor.request(method, path, content, world.clock.ms, { keyid: sensorId, ...options });
      const response = await world.fetch(path, request);
      const text = await response.text();
      return {
        status: response.status,
        body: text ? (JSON.parse(text) as ProblemBody & Record<string, unknown>) : undefined,
      };
    },
    status: async () => (await world.call(sensors.getSensor, cookie, { params: { id: sensorId } })).status,
  };
}

const packages = [
  {
    key: "dpkg:bash:amd64",
    manager: "dpkg",
    name: "bash",
    version: "5.2",
    architecture: "amd64",
    purl: "pkg:deb/debian/bash@5.2",
  },
  {
    key: "dpkg:zlib:amd64",
    manager: "dpkg",
    name: "zlib",
    version: "1.2",
    architecture: "amd64",
    purl: "pkg:deb/debian/zlib@1.2",
  },
];

for (const dialect of TESTED_DIALECTS) {
  test(`a check-in keeps a sensor online for three intervals (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrolled(world, await world.signedIn("viewer").then(() => world.signedIn("admin")));
    const inventory = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
    expect(await sensor.status()).toBe("pending");
    expect(await sensor.send("POST", CHECK_IN, { ...hello, inventory })).toMatchObject({
      status: 200,
      body: { wanted: [] },
    });
    expect(await sensor.status()).toBe("online");
    world.clock.ms += 180_000;
    expect(await sensor.status()).toBe("online");
    world.clock.ms += 1;
    expect(await sensor.status()).toBe("offline");
  });

  test(`a request that is not newer than the last one is refused with the nonce to exceed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrolled(world, await world.signedIn("admin"));
    expect((await sensor.send("POST", CHECK_IN, hello, { nonce: 500 })).status).toBe(200);
    for (const nonce of [500, 499, 1]) {
      const replayed = await sensor.send("POST", CHECK_IN, hello, { nonce });
      expect(replayed).toMatchObject({ status: 401, body: { code: "signature-replayed", lastNonce: 500 } });
    }
    expect((await sensor.send("POST", CHECK_IN, hello, { nonce: 501 })).status).toBe(200);
  });

  test(`of many clones of one request sent at once exactly one is accepted (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrolled(world, await world.signedIn("admin"));
    const clones = await Promise.all(
      Array.from({ length: 20 }, () => sensor.send("POST", CHECK_IN, hello, { nonce: 900 })),
    );
    expect(clones.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(clones.filter(({ status }) => status === 401)).toHaveLength(19);
  });

  test(`a deleted sensor is told that it is not known (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrolled(world, cookie);
    await world.call(sensors.deleteSensor, cookie, { params: { id: sensor.id } });
    expect(await sensor.send("POST", CHECK_IN, hello)).toMatchObject({
      status: 401,
      body: { code: "sensor-unknown" },
    });
  });

  test(`a category is uploaded once for all hosts that have it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const [first, second] = [await enrolled(world, cookie, "one"), await enrolled(world, cookie, "two")];
    const chunks = cutChunks("packages", packages, sha256);
    const hashes = chunks.map(({ hash }) => hash);
    const root = rootHash(hashes, sha256);
    const report = { ...hello, inventory: { packages: { status: "collected", root } } };
    const upload = "/sensor/v1/inventory/packages";

    expect((await first.send("POST", CHECK_IN, report)).body).toMatchObject({ wanted: ["packages"] });
    expect((await first.send("PUT", upload, { root, chunks: hashes })).body).toEqual({
      missing: hashes,
    } as never);
    const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    expect((await first.send("PUT", `${upload}/chunks`, { chunks: contents })).status).toBe(204);
    expect((await first.send("PUT", upload, { root, chunks: hashes })).body).toEqual({
      missing: [],
    } as never);
    expect((await first.send("POST", CHECK_IN, report)).body).toMatchObject({ wanted: [] });
    expect((await second.send("POST", CHECK_IN, report)).body).toMatchObject({ wanted: [] });

    for (const { id } of [first, second]) {
      const params = { id, category: "packages" } as const;
      const page = await world.call(sensors.listSensorInventory, cookie, { params, query: { limit: "1" } });
      expect(page).toMatchObject({ items: [packages[0]], total: 2 });
      const query = { cursor: page.nextCursor! };
      expect((await world.call(sensors.listSensorInventory, cookie, { params, query })).items).toEqual([
        packages[1],
      ] as never);
      const found = await world.call(sensors.listSensorInventory, cookie, { params, query: { q: "ZLIB" } });
      expect(found.total).toBe(1);
    }
    expect(await world.db.selectFrom("inventoryHistory").select("sensorId").execute()).toHaveLength(2);
  });

  test(`a report changes the host's name and system in the list, and a failed category says why (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrolled(world, cookie);
    await sensor.send("POST", CHECK_IN, hello);
    const items = [
      { key: "host", kind: "host", hostname: "renamed" },
      { key: "os", kind: "os", platform: "linux", name: "Alpine Linux", version: "3.22" },
    ];
    const chunks = cutChunks("system", items, sha256);
    const hashes = chunks.map(({ hash }) => hash);
    const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    await sensor.send("PUT", "/sensor/v1/inventory/system/chunks", { chunks: contents });
    await sensor.send("PUT", "/sensor/v1/inventory/system", {
      root: rootHash(hashes, sha256),
      chunks: hashes,
    });
    await sensor.send("POST", CHECK_IN, {
      ...hello,
      inventory: { ports: { status: "failed", reason: "/proc is not mounted" } },
    });
    const seen = await world.call(sensors.getSensor, cookie, { params: { id: sensor.id } });
    expect(seen).toMatchObject({
      hostname: "renamed",
      os: { name: "Alpine Linux", version: "3.22" },
      status: "pending",
    });
    expect(seen.inventory).toContainEqual({
      category: "ports",
      status: "failed",
      reason: "/proc is not mounted",
      items: 0,
      changedAt: null,
    });
    expect(seen.inventory).toContainEqual({
      category: "users",
      status: "waiting",
      items: 0,
      changedAt: null,
    });
  });

  test(`no signed body that a lying sensor can think of makes a 5xx (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrolled(world, await world.signedIn("admin"));
    await sensor.send("POST", CHECK_IN, hello);
    const hash = fc.oneof(fc.constant("a".repeat(64)), fc.string());
    const report = fc.record(
      { status: fc.constantFrom("collected", "failed", "x"), root: hash, reason: fc.string() },
      { requiredKeys: [] },
    );
    const collectedAt = fc.constantFrom(
      ...[undefined, "now", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"],
    );
    const body = fc.oneof(
      fc.json().map((text) => JSON.parse(text)),
      fc.record({
        protocolVersion: fc.constant(1),
        sensorVersion: fc.string(),
        collectedAt,
        inventory: fc.dictionary(fc.constantFrom(...CATEGORIES, "x"), report),
      }),
      fc.record({ root: hash, chunks: fc.array(hash), collectedAt }),
      fc.record({ chunks: fc.dictionary(hash, fc.array(fc.record({ key: fc.string() }))) }),
    );
    const requests: [string, string][] = [
      ["POST", CHECK_IN],
      ["PUT", "/sensor/v1/inventory/users"],
      ["PUT", "/sensor/v1/inventory/users/chunks"],
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...requests), body, async ([method, path], content) => {
        expect((await sensor.send(method, path, content)).status).toBeLessThan(500);
      }),
      { numRuns: drawnCases(200) },
    );
  });

  test(`people are listed before groups, each by name, over pages too (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrolled(world, cookie);
    await sensor.send("POST", CHECK_IN, hello);
    const account = (name: string) => ({
      key: `user:${name}`,
      kind: "user",
      name,
      uid: 1,
      gid: 1,
      home: "/",
      shell: "/bin/sh",
      groups: [],
      canLogIn: true,
      password: "set",
      privileges: [],
    });
    const group = (name: string) => ({
      key: `group:${name}`,
      kind: "group",
      name,
      gid: 1,
      members: [],
      privileges: [],
    });
    const chunks = cutChunks("users", [group("adm"), account("root"), account("ada"), group("sudo")], sha256);
    const hashes = chunks.map(({ hash }) => hash);
    const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    await sensor.send("PUT", "/sensor/v1/inventory/users/chunks", { chunks: contents });
    await sensor.send("PUT", "/sensor/v1/inventory/users", {
      root: rootHash(hashes, sha256),
      chunks: hashes,
    });
    const params = { id: sensor.id, category: "users" } as const;
    const first = await world.call(sensors.listSensorInventory, cookie, { params, query: { limit: "3" } });
    const rest = await world.call(sensors.listSensorInventory, cookie, {
      params,
      query: { cursor: first.nextCursor! },
    });
    expect([...first.items, ...rest.items].map(({ key }) => key)).toEqual([
      "user:ada",
      "user:root",
      "group:adm",
      "group:sudo",
    ]);
  });
}

const lies: [string, (hash: string) => unknown, string][] = [
  ["a chunk under another name", () => ({ ["0".repeat(64)]: [packages[0]] }), "chunks"],
  ["an item of another category", (hash) => ({ [hash]: [{ key: "tcp/22", protocol: "tcp" }] }), "chunks"],
  ["an item with a field too many", (hash) => ({ [hash]: [{ ...packages[0], owner: "me" }] }), "chunks"],
  ["two items with one key", (hash) => ({ [hash]: [packages[0], packages[0]] }), "chunks"],
  [
    "a name with an escape sequence",
    (hash) => ({ [hash]: [{ ...packages[0], name: "\u001b]0;" }] }),
    "chunks",
  ],
];
for (const [what, chunks, field] of lies) {
  test(`an upload with ${what} is refused, and nothing of it stored`, async () => {
    await using world = await openWorld("sqlite");
    const sensor = await enrolled(world, await world.signedIn("admin"));
    await sensor.send("POST", CHECK_IN, hello);
    const hash = cutChunks("packages", [packages[0]!], sha256)[0]!.hash;
    const refused = await sensor.send("PUT", "/sensor/v1/inventory/packages/chunks", {
      chunks: chunks(hash),
    });
    expect(refused).toMatchObject({ status: 422, body: { code: "input-invalid" } });
    expect(Object.keys(refused.body?.fields ?? {})[0]).toStartWith(field);
    expect(await world.db.selectFrom("inventoryChunk").select("hash").execute()).toEqual([]);
  });
}

test("a category is refused whose chunks are out of order, share a bucket, or are too large together", async () => {
  await using world = await openWorld("sqlite");
  const sensor = await enrolled(world, await world.signedIn("admin"));
  await sensor.send("POST", CHECK_IN, hello);
  const put = async (chunks: { hash: string; content: string }[]) => {
    const hashes = chunks.map(({ hash }) => hash);
    const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    await sensor.send("PUT", "/sensor/v1/inventory/packages/chunks", { chunks: contents });
    const manifest = { root: rootHash(hashes, sha256), chunks: hashes };
    return await sensor.send("PUT", "/sensor/v1/inventory/packages", manifest);
  };
  const refused = (message: string) => ({ status: 422, body: { fields: { chunks: message } } });
  const named = (key: string, version = "1") => ({ ...packages[0]!, key, name: key, version });
  const items = Array.from({ length: 40 }, (_, index) => named(`package-${index}`));
  const chunks = cutChunks("packages", items, sha256);
  expect(await put(chunks.toReversed())).toMatchObject(refused("must be one a bucket, in bucket order"));
  const [one] = cutChunks("packages", [named("twice", "1")], sha256);
  const [other] = cutChunks("packages", [named("twice", "2")], sha256);
  expect(await put([one!, other!])).toMatchObject(refused("must be one a bucket, in bucket order"));
  await world.db
    .updateTable("inventoryChunk")
    .set({ sizeBytes: 2 ** 20 })
    .execute();
  expect(await put(chunks)).toMatchObject(
    refused(`hold ${chunks.length * 2 ** 20} bytes, more than ${MAX_CATEGORY_BYTES}`),
  );
  await world.db.updateTable("inventoryChunk").set({ sizeBytes: 100 }).execute();
  expect(await put(chunks)).toMatchObject({ status: 200, body: { missing: [] } });
});

const forgeries: [string, SignOptions, string][] = [
  ["a body changed on the way", { tamper: '{"protocolVersion":1,"sensorVersion":"9"}' }, "signature-invalid"],
  [
    "a signature that leaves out the path",
    { components: ["@method", "content-digest"] },
    "signature-invalid",
  ],
  ["a date beyond every calendar", { createdMs: 8_640_000_000_001_000 }, "signature-invalid"],
  [
    "a covered component that is no header",
    { components: ["@method", "@path", "content-digest", "a b"] },
    "signature-invalid",
  ],
  ["a clock a day fast", { createdMs: Date.parse("2026-11-25T09:00:00Z") }, "clock-skewed"],
  ["a nonce at the end of the numbers", { nonce: Number.MAX_SAFE_INTEGER }, "signature-invalid"],
  ["the id of no sensor", { keyid: "sen_01980000-0000-7000-8000-000000000000" }, "sensor-unknown"],
];
for (const [what, options, code] of forgeries) {
  test(`a check-in with ${what} is refused as ${code}`, async () => {
    await using world = await openWorld("sqlite");
    const sensor = await enrolled(world, await world.signedIn("admin"));
    expect(await sensor.send("POST", CHECK_IN, hello, options)).toMatchObject({
      status: 401,
      body: { code },
    });
  });
}

test("a check-in without a signature, or with another sensor's key, is refused", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("admin");
  const [first, second] = [await enrolled(world, cookie, "one"), await enrolled(world, cookie, "two")];
  const unsigned = await world.fetch(CHECK_IN, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  expect((await unsigned.json()) as ProblemBody).toMatchObject({ code: "signature-missing" });
  const crossed = await first.send("POST", CHECK_IN, hello, { keyid: second.id });
  expect(crossed).toMatchObject({ status: 401, body: { code: "signature-invalid" } });
});
