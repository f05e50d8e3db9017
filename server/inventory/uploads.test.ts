// Uploads of inventory are checked, stored once for all hosts with the same content, and listed in order.

import { expect, test } from "bun:test";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CATEGORY_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { reportedContents } from "../testing/test-history.ts";
import { CHECK_IN, enrollReporter, HELLO, PACKAGES, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { nameOf, packKeysOf } from "./storage/chunk-names.ts";
import { encodeFacts } from "./storage/pack.ts";
import { insertPacks } from "./storage/packs-store.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`equal content of a category is uploaded once for all hosts (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const [first, second] = [
      await enrollReporter(world, cookie, "one"),
      await enrollReporter(world, cookie, "two"),
    ];
    const chunks = cutChunks("packages", PACKAGES, sha256);
    const hashes = chunks.map(({ hash }) => hash);
    const root = rootHash(hashes, sha256);
    const report = { ...HELLO, inventory: { packages: { status: "collected", root } } };
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
      const page = await world.call(listSensorInventory, cookie, { params, query: { limit: "1" } });
      expect(page).toMatchObject({ items: [PACKAGES[0]], total: 2 });
      const query = { cursor: page.nextCursor! };
      expect((await world.call(listSensorInventory, cookie, { params, query })).items).toEqual([
        PACKAGES[1],
      ] as never);
      const found = await world.call(listSensorInventory, cookie, { params, query: { q: "ZLIB" } });
      expect(found.total).toBe(1);
    }
    expect(await reportedContents(world.db)).toHaveLength(2);
  });

  test(`check-ins are answered while a large upload is processed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const [uploading, other] = [
      await enrollReporter(world, cookie, "one"),
      await enrollReporter(world, cookie, "two"),
    ];
    for (const sensor of [uploading, other]) await sensor.send("POST", CHECK_IN, HELLO);
    const packages = Array.from({ length: 4_000 }, (_, index) => ({
      ...PACKAGES[0]!,
      ...{ key: `dpkg:p${index}:amd64`, name: `p${index}`, purl: `pkg:deb/debian/p${index}@5.2` },
    }));
    const chunks = cutChunks("packages", packages, sha256);
    const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    let isUploaded = false;
    const upload = uploading
      .send("PUT", "/sensor/v1/inventory/packages/chunks", { chunks: contents })
      .finally(() => {
        isUploaded = true;
      });
    let answered = 0;
    for (; !isUploaded; answered++) expect((await other.send("POST", CHECK_IN, HELLO)).status).toBe(200);
    expect((await upload).status).toBe(204);
    expect(answered).toBeGreaterThan(3);
  });

  test(`several categories are uploaded together, each as if it were alone (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    await sensor.send("POST", CHECK_IN, HELLO);
    const users = [{ key: "group:sudo", kind: "group", name: "sudo", gid: 27, members: [], privileges: [] }];
    const cut = {
      packages: cutChunks("packages", PACKAGES, sha256),
      users: cutChunks("users", users, sha256),
    };
    const listOf = (chunks: { hash: string }[]) => {
      const hashes = chunks.map(({ hash }) => hash);
      return { root: rootHash(hashes, sha256), chunks: hashes };
    };
    const categories = { packages: listOf(cut.packages), users: listOf(cut.users), ports: listOf([]) };
    const contentsOf = (chunks: { hash: string; content: string }[]) =>
      Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    const put = (body: object) => sensor.send("PUT", "/sensor/v1/inventory", body);
    const stored = async () => {
      const { inventory } = await world.call(sensors.getSensor, cookie, { params: { id: sensor.id } });
      return inventory
        .flatMap(({ category, status }) => (status === "collected" ? [category] : []))
        .toSorted();
    };

    // The empty category needs no chunk.
    expect(await put({ categories })).toMatchObject({
      status: 200,
      body: { missing: { packages: categories.packages.chunks, users: categories.users.chunks } },
    });
    expect(await stored()).toEqual(["ports"]);
    const { packages, users: own } = categories;
    // A chunk that no list names, and a list with a wrong root beside a correct one.
    expect(await put({ categories: { users: own }, chunks: contentsOf(cut.packages) })).toMatchObject({
      status: 422,
    });
    const wrong = { packages: { ...packages, root: own.root }, users: own };
    expect(await put({ categories: wrong, chunks: contentsOf(cut.users) })).toMatchObject({ status: 422 });
    expect(await stored()).toEqual(["ports"]);
    // Some chunks of one category, and all of the other.
    const [first, ...others] = cut.packages;
    expect(
      (await put({ categories: { packages, users: own }, chunks: contentsOf([first!, ...cut.users]) })).body,
    ).toEqual({ missing: { packages: others.map(({ hash }) => hash) } } as never);
    expect(await stored()).toEqual(["ports", "users"]);
    expect((await put({ categories: { packages }, chunks: contentsOf(others) })).body).toEqual({
      missing: {},
    } as never);
    expect(await stored()).toEqual(["packages", "ports", "users"]);
    const params = { id: sensor.id, category: "packages" } as const;
    expect((await world.call(listSensorInventory, cookie, { params, query: {} })).total).toBe(2);
    expect((await put({ categories: {} })).body).toEqual({ missing: {} } as never);
  });

  test(`a report updates the sensor's hostname and operating system, and a failed category shows the reason (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    await sensor.send("POST", CHECK_IN, HELLO);
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
      ...HELLO,
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

  test(`accounts are listed before groups, each by name, across pages (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    await sensor.send("POST", CHECK_IN, HELLO);
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
      rootAccess: "none",
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
    const first = await world.call(listSensorInventory, cookie, { params, query: { limit: "3" } });
    const rest = await world.call(listSensorInventory, cookie, {
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
  ["a chunk under a wrong hash", () => ({ ["0".repeat(64)]: [PACKAGES[0]] }), "chunks"],
  ["an item of another category", (hash) => ({ [hash]: [{ key: "tcp/22", protocol: "tcp" }] }), "chunks"],
  ["an item with an unknown field", (hash) => ({ [hash]: [{ ...PACKAGES[0], owner: "me" }] }), "chunks"],
  ["two items with one key", (hash) => ({ [hash]: [PACKAGES[0], PACKAGES[0]] }), "chunks"],
  [
    "a name with an escape sequence",
    (hash) => ({ [hash]: [{ ...PACKAGES[0], name: "\u001b]0;" }] }),
    "chunks",
  ],
];
for (const [what, chunks, field] of lies) {
  test(`an upload with ${what} is refused, and none of it is stored`, async () => {
    await using world = await openWorld("sqlite");
    const sensor = await enrollReporter(world, await world.signedIn("admin"));
    await sensor.send("POST", CHECK_IN, HELLO);
    const hash = cutChunks("packages", [PACKAGES[0]!], sha256)[0]!.hash;
    const refused = await sensor.send("PUT", "/sensor/v1/inventory/packages/chunks", {
      chunks: chunks(hash),
    });
    expect(refused).toMatchObject({ status: 422, body: { code: "input-invalid" } });
    expect(Object.keys(refused.body?.fields ?? {})[0]).toStartWith(field);
    expect(await world.db.selectFrom("inventoryPack").select("id").execute()).toEqual([]);
  });
}

test("a category is refused if its chunks are out of order, share a bucket, or are too large in total", async () => {
  await using world = await openWorld("sqlite");
  const sensor = await enrollReporter(world, await world.signedIn("admin"));
  await sensor.send("POST", CHECK_IN, HELLO);
  const put = async (chunks: { hash: string; content: string }[]) => {
    const hashes = chunks.map(({ hash }) => hash);
    const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
    await sensor.send("PUT", "/sensor/v1/inventory/packages/chunks", { chunks: contents });
    const manifest = { root: rootHash(hashes, sha256), chunks: hashes };
    return await sensor.send("PUT", "/sensor/v1/inventory/packages", manifest);
  };
  const refused = (message: string) => ({ status: 422, body: { fields: { chunks: message } } });
  const named = (key: string, version = "1") => ({ ...PACKAGES[0]!, key, name: key, version });
  const items = Array.from({ length: 40 }, (_, index) => named(`package-${index}`));
  const chunks = cutChunks("packages", items, sha256);
  expect(await put(chunks.toReversed())).toMatchObject(refused("must be one a bucket, in bucket order"));
  const [one] = cutChunks("packages", [named("twice", "1")], sha256);
  const [other] = cutChunks("packages", [named("twice", "2")], sha256);
  expect(await put([one!, other!])).toMatchObject(refused("must be one a bucket, in bucket order"));
  expect(await put(chunks)).toMatchObject({ status: 200, body: { missing: [] } });
  // Larger chunks than fit in one category. Their upload would take longer than the rest of the test.
  const id = 1_000_000;
  const facts = encodeFacts(
    chunks.map((_, bucket) => ({ category: "packages", bucket, itemCount: 1, sizeBytes: 2 ** 20 })),
  );
  const hashes = chunks.map(({ hash }) => hash.slice(32) + hash.slice(0, 32));
  const names = hashes.map(nameOf);
  const { scopeId } = await world.db.selectFrom("inventoryPack").select("scopeId").executeTakeFirstOrThrow();
  const empty = new Uint8Array();
  const pack = { id, scopeId, ...facts, names: Buffer.from(names.join(""), "hex"), base: empty, depth: 0 };
  const keys = new Map(packKeysOf(scopeId, names).map((key) => [key, id]));
  await insertPacks(world.db, [{ ...pack, content: empty }], keys);
  const tooLarge = { root: rootHash(hashes, sha256), chunks: hashes };
  expect(await sensor.send("PUT", "/sensor/v1/inventory/packages", tooLarge)).toMatchObject(
    refused(`hold ${chunks.length * 2 ** 20} bytes, more than ${MAX_CATEGORY_BYTES}`),
  );
});
