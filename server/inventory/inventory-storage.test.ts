// What the database stores of inventories: chunks and lists as differences from those of similar hosts, at
// any distance, however many hosts report at once.
import { expect, test } from "bun:test";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import type { SensorCaller } from "../caller.ts";
import { queriesOf } from "../testing/query-plans.ts";
import { reportedContents } from "../testing/test-history.ts";
import { CHECK_IN, enrollReporter, HELLO, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { recordReport } from "./inventory.ts";
import { inventoryParts } from "./inventory-parts.ts";
import { decodeFacts } from "./storage/pack.ts";

const PACKAGES = 300;
type Reporter = Awaited<ReturnType<typeof enrollReporter>>;

/** Packages of an image; `versions` replaces some of them. */
function packagesOf(versions: Record<number, string> = {}, count = PACKAGES) {
  return Array.from({ length: count }, (_, index) => {
    const [name, version] = [`package-${index}`, versions[index] ?? `1.${index}-1`];
    const purl = `pkg:deb/debian/${name}@${version}?arch=amd64&distro=debian-12`;
    return { key: `dpkg:${name}:amd64`, manager: "dpkg", name, version, architecture: "amd64", purl };
  });
}

/** Reports as a sensor does. Returns the number of chunks that the server requested. */
async function report(sensor: Reporter, items: { key: string }[]): Promise<number> {
  const chunks = cutChunks("packages", items, sha256);
  const hashes = chunks.map(({ hash }) => hash);
  const root = rootHash(hashes, sha256);
  const inventory = { packages: { status: "collected", root } };
  const checkedIn = await sensor.send("POST", CHECK_IN, { ...HELLO, inventory });
  if (!(checkedIn.body as unknown as { wanted: string[] }).wanted.includes("packages")) return 0;
  const path = "/sensor/v1/inventory/packages";
  const { missing } = (await sensor.send("PUT", path, { root, chunks: hashes })).body as unknown as {
    missing: string[];
  };
  const contents = chunks
    .filter(({ hash }) => missing.includes(hash))
    .map(({ hash, content }) => [hash, JSON.parse(content)]);
  if (contents.length > 0)
    expect(
      (await sensor.send("PUT", `${path}/chunks`, { chunks: Object.fromEntries(contents) })).status,
    ).toBe(204);
  expect((await sensor.send("PUT", path, { root, chunks: hashes })).body).toEqual({ missing: [] } as never);
  return missing.length;
}

async function readPackages(world: World, cookie: string, { id }: Reporter) {
  const params = { id, category: "packages" } as const;
  const items: unknown[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { limit: "200", ...(cursor ? { cursor } : {}) };
    const page = await world.call(listSensorInventory, cookie, { params, query });
    items.push(...page.items);
    if (page.nextCursor === null) return items.toSorted(byKey as never);
    cursor = page.nextCursor;
  }
}

const byKey = (one: { key: string }, other: { key: string }) => (one.key < other.key ? -1 : 1);

async function storedBytes({ db }: World): Promise<number> {
  const packs = await db.selectFrom("inventoryPack").select(["content", "base", "chunks"]).execute();
  const manifests = await db.selectFrom("inventoryManifest").select("chunks").execute();
  return [
    ...packs.flatMap(({ content, base, chunks }) => [content, base, chunks]),
    ...manifests.map(({ chunks }) => chunks),
  ]
    .map(({ length }) => length)
    .reduce((sum, length) => sum + length, 0);
}

for (const dialect of TESTED_DIALECTS) {
  test(`a host of the same image takes little room, and all hosts read as they were reported (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const [first, second, third] = [
      await enrollReporter(world, cookie, "one"),
      await enrollReporter(world, cookie, "two"),
      await enrollReporter(world, cookie, "three"),
    ];
    await report(first, packagesOf());
    const imageBytes = await storedBytes(world);
    const changed = packagesOf({ 3: "9.9-1", 77: "2.0+deb12u1" });
    expect(await report(second, changed)).toBe(2);
    expect((await storedBytes(world)) - imageBytes).toBeLessThan(150);
    const other = packagesOf(
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [index, `8.${index * 7}-1`])),
    );
    expect(await report(third, other)).toBeGreaterThan(50);
    expect(await readPackages(world, cookie, first)).toEqual(packagesOf().toSorted(byKey));
    expect(await readPackages(world, cookie, second)).toEqual(changed.toSorted(byKey));
    expect(await readPackages(world, cookie, third)).toEqual(other.toSorted(byKey));
  });

  test(`packages that change every day stay readable, in short chains of packs (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    const days = Array.from({ length: 12 }, (_, day) =>
      packagesOf(
        Object.fromEntries(
          Array.from({ length: (day + 1) * 20 }, (_, index) => [index, `${day}.${index}-2`]),
        ),
      ),
    );
    for (const items of days) {
      await report(sensor, items);
      expect(await readPackages(world, cookie, sensor)).toEqual(items.toSorted(byKey));
    }
    expect(await reportedContents(world.db, "packages")).toHaveLength(days.length);
    const { depth } = await world.db
      .selectFrom("inventoryPack")
      .select((eb) => eb.fn.max("depth").as("depth"))
      .executeTakeFirstOrThrow();
    expect(depth).toBeLessThanOrEqual(4);
    // Former contents are read without what the server remembers.
    const former = await world.db
      .selectFrom("inventoryHistory")
      .select("manifestId")
      .orderBy("reportedAt")
      .execute();
    const { manifests } = inventoryParts(world.db);
    const content = {
      scopeId: 1,
      category: "packages",
      root: "",
      manifestId: former[4]!.manifestId,
    } as const;
    const items = (await manifests.readItems(content)).map((json) => JSON.parse(json) as { key: string });
    expect(items.toSorted(byKey)).toEqual(days[4]!.toSorted(byKey));
  });

  test(`categories without changes cost one read, and a changed one writes only its own rows (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    const states = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
    await sensor.send("POST", CHECK_IN, { ...HELLO, inventory: states });
    await report(sensor, packagesOf());
    const stored = () => world.db.selectFrom("sensorInventory").selectAll().orderBy("category").execute();
    const before = await stored();

    const hashes = cutChunks("packages", packagesOf(), sha256).map(({ hash }) => hash);
    const packages = { status: "collected", root: rootHash(hashes, sha256) };
    const caller = { id: sensor.id, version: HELLO.sensorVersion, reportedAt: 1 } as SensorCaller;
    const body = { ...HELLO, inventory: { ...states, packages } } as Parameters<typeof recordReport>[4];
    const queries = await queriesOf(world.db, (db) =>
      recordReport(db, world.clock.ms, world.services.rememberedSensors, caller, body),
    );
    expect(queries.map(({ sql }) => /\w+/.exec(sql)?.[0])).toEqual(["select"]);
    expect(await stored()).toEqual(before);

    world.clock.ms += 60_000;
    await report(sensor, packagesOf({ 5: "2.0-1" }));
    const after = await stored();
    const changed = after.filter((row, index) => !Bun.deepEquals(row, before[index]));
    expect(changed.map(({ category }) => category)).toEqual(["packages"]);
    expect(await world.db.selectFrom("inventoryHistory").select("category").execute()).toEqual([
      { category: "packages" },
    ]);
  });

  test(`a server that remembers nothing finds chunks by the lists of other hosts (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    await report(await enrollReporter(world, cookie, "one"), packagesOf());
    const freshHost = async (name: string) =>
      await enrollReporter({ ...world, fetch: await world.secondFetch() }, cookie, name);
    expect(await report(await freshHost("two"), packagesOf({ 3: "9.9-1", 77: "2.0-1" }))).toBe(2);

    // A chunk without an index entry, alone, is requested once more.
    const chunks = cutChunks("packages", packagesOf(), sha256);
    const last = chunks.toSorted((one, other) => (one.hash < other.hash ? -1 : 1)).at(-1)!;
    const items = JSON.parse(last.content) as { key: string }[];
    const host = await freshHost("three");
    expect(await report(host, items)).toBe(1);
    expect(await readPackages(world, cookie, host)).toEqual(items.toSorted(byKey));
    const added = { key: "dpkg:added:amd64", manager: "dpkg", name: "added", version: "1" };
    expect(await report(await freshHost("four"), [...items, added])).toBe(1);
  });

  test(`many hosts that upload the same image at once store it once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const hosts: Reporter[] = [];
    for (let index = 0; index < 8; index++) hosts.push(await enrollReporter(world, cookie, `host-${index}`));
    await Promise.all(hosts.map((host) => report(host, packagesOf({}, 60))));
    const hashes = cutChunks("packages", packagesOf({}, 60), sha256).length;
    const packs = await world.db.selectFrom("inventoryPack").select("chunks").execute();
    const stored = packs.flatMap((pack) => decodeFacts({ ...pack, categories: "" }));
    expect(stored).toHaveLength(hashes);
    expect(await world.db.selectFrom("inventoryManifest").select("id").execute()).toHaveLength(1);
    expect(await reportedContents(world.db)).toHaveLength(hosts.length);
    for (const host of hosts) expect(await readPackages(world, cookie, host)).toHaveLength(60);
  });
}
