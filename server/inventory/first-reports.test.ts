// The first report of a host is stored in one write, whether its sensor uploads or not.
import { expect, test } from "bun:test";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { inTransaction } from "../db/transaction.ts";
import { lockSensorStates } from "../sensors/record/sensors-store.ts";
import { reportedContents } from "../testing/test-history.ts";
import { CHECK_IN, enrollReporter, HELLO, PACKAGES, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { inventoryParts } from "./inventory-parts.ts";
import { findInventories } from "./inventory-store.ts";
import { openReportWriter } from "./report-writer.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a first report is stored with its upload, and without one by the next check-in (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const users = [{ key: "group:sudo", kind: "group", name: "sudo", gid: 27, members: [], privileges: [] }];
    const host = (version: string) => {
      const packages = [{ ...PACKAGES[0]!, version }];
      return {
        packages: cutChunks("packages", packages, sha256),
        users: cutChunks("users", users, sha256),
      };
    };
    type Host = ReturnType<typeof host>;
    const listOf = (chunks: { hash: string }[]) => {
      const hashes = chunks.map(({ hash }) => hash);
      return { root: rootHash(hashes, sha256), chunks: hashes };
    };
    const checkIn = async (
      sensor: Awaited<ReturnType<typeof enrollReporter>>,
      { packages, users }: Host,
      late: { collectedAt?: string } = {},
    ) => {
      const unsupported = CATEGORIES.map((category) => [category, { status: "unsupported" }]);
      const inventory = {
        ...Object.fromEntries(unsupported),
        packages: { status: "collected", root: listOf(packages).root },
        users: { status: "collected", root: listOf(users).root },
      };
      return (await sensor.send("POST", CHECK_IN, { ...HELLO, ...late, inventory })).body?.wanted;
    };
    const upload = async (sensor: Awaited<ReturnType<typeof enrollReporter>>, own: Partial<Host>) => {
      const categories = Object.fromEntries(
        Object.entries(own).map(([category, chunks]) => [category, listOf(chunks)]),
      );
      const chunks = Object.values(own)
        .flat()
        .map(({ hash, content }) => [hash, JSON.parse(content)]);
      const body = { categories, chunks: Object.fromEntries(chunks) };
      expect((await sensor.send("PUT", "/sensor/v1/inventory", body)).body).toEqual({ missing: {} } as never);
    };
    const reported = async (id: string) => {
      const { inventory } = await world.call(sensors.getSensor, cookie, { params: { id } });
      return Object.fromEntries(inventory.map(({ category, status }) => [category, status]));
    };

    const first = await enrollReporter(world, cookie, "one");
    expect(await checkIn(first, host("one"))).toEqual(["packages", "users"]);
    await upload(first, host("one"));
    expect(await first.status()).not.toBe("pending");

    const uploading = await enrollReporter(world, cookie, "two");
    expect(await checkIn(uploading, host("two"))).toEqual(["packages"]);
    await upload(uploading, { packages: host("two").packages });
    expect(await reported(uploading.id)).toEqual(await reported(first.id));
    expect(await uploading.status()).not.toBe("pending");

    const silent = await enrollReporter(world, cookie, "three");
    for (let repeated = 0; repeated < 2; repeated++)
      expect(await checkIn(silent, host("three"))).toEqual(["packages"]);
    expect(await reported(silent.id)).toEqual({ ...(await reported(first.id)), packages: "waiting" });
    expect(await silent.status()).toBe("pending");
    const spooled = await enrollReporter(world, cookie, "four");
    const late = { collectedAt: new Date(world.clock.ms - 60_000).toISOString() };
    expect(await checkIn(spooled, host("four"), late)).toEqual(["packages"]);
    expect(await reported(spooled.id)).toEqual(await reported(silent.id));
    await upload(silent, { packages: host("three").packages });
    expect(await reported(silent.id)).toEqual(await reported(first.id));
    expect(await reportedContents(world.db)).toHaveLength(7);
  });

  test(`a check-in with the lists of chunks gets the missing ones, or is stored (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const listOf = (versions: string[]) => {
      const items = versions.map((version, index) => ({ ...PACKAGES[index]!, version }));
      const cut = cutChunks("packages", items, sha256);
      const chunks = cut.map(({ hash }) => hash);
      const contents = cut.map(({ hash, content }): [string, unknown] => [hash, JSON.parse(content)]);
      return { root: rootHash(chunks, sha256), chunks, contents };
    };
    type List = ReturnType<typeof listOf>;
    const checkIn = async (
      sensor: Awaited<ReturnType<typeof enrollReporter>>,
      list: Omit<List, "contents">,
    ) => {
      const unsupported = CATEGORIES.map((category) => [category, { status: "unsupported" }]);
      const packages = { status: "collected", root: list.root, chunks: list.chunks };
      const inventory = { ...Object.fromEntries(unsupported), packages };
      const { status, body } = await sensor.send("POST", CHECK_IN, { ...HELLO, inventory });
      expect(status).toBe(200);
      return { wanted: body?.wanted, missing: body?.missing };
    };
    const versionsOf = async (id: string) => {
      const params = { id, category: "packages" } as const;
      const { items } = await world.call(listSensorInventory, cookie, { params, query: {} });
      return (items as { version?: string }[]).map(({ version }) => version).toSorted();
    };

    const [one, two] = [listOf(["1", "1"]), listOf(["2", "2"])];
    const first = await enrollReporter(world, cookie, "one");
    expect(await checkIn(first, one)).toEqual({ wanted: ["packages"], missing: { packages: one.chunks } });
    const upload = async (sensor: typeof first, { root, chunks, contents }: List, some = chunks) => {
      const sent = Object.fromEntries(contents.filter(([hash]) => some.includes(hash)));
      const body = { categories: { packages: { root, chunks } }, chunks: sent };
      const reply = await sensor.send("PUT", "/sensor/v1/inventory", body);
      expect(reply.body).toEqual({ missing: {} } as never);
    };
    await upload(first, one);
    expect(await first.status()).not.toBe("pending");

    // No chunk of a new list is missing, so its category is stored at once.
    const mixed = listOf(["1", "2"]);
    const third = await enrollReporter(world, cookie, "three");
    const missing = mixed.chunks.filter((hash) => !one.chunks.includes(hash));
    expect(missing).toHaveLength(1);
    const fourth = await enrollReporter(world, cookie, "four");
    expect(await checkIn(fourth, two)).toEqual({ wanted: ["packages"], missing: { packages: two.chunks } });
    await upload(fourth, two);
    expect(await checkIn(third, mixed)).toEqual({ wanted: [], missing: undefined });
    expect(await versionsOf(third.id)).toEqual(["1", "2"]);
    expect(await third.status()).not.toBe("pending");

    // A list that is not that of the root counts as absent. The upload of the category is refused.
    const other = listOf(["3", "1"]);
    const wrong = { root: other.root, chunks: mixed.chunks };
    expect(await checkIn(third, wrong)).toEqual({ wanted: ["packages"], missing: undefined });
    expect(await versionsOf(third.id)).toEqual(["1", "2"]);
    const refused = await third.send("PUT", "/sensor/v1/inventory", { categories: { packages: wrong } });
    expect(refused).toMatchObject({ status: 422, body: { code: "input-invalid" } });
    const added = other.chunks.filter((hash) => !one.chunks.includes(hash));
    expect(await checkIn(third, other)).toEqual({ wanted: ["packages"], missing: { packages: added } });
    await upload(third, other, added);
    expect(await versionsOf(third.id)).toEqual(["1", "3"]);
    // The next check-in without lists has nothing left to do.
    expect(await checkIn(third, other)).toEqual({ wanted: [], missing: undefined });
  });

  test(`reports of a sensor that are stored at once keep each other's categories (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db, clock } = world;
    const sensor = await enrollReporter(world, await world.signedIn("admin"));
    const { manifests } = inventoryParts(db);
    const times = { now: clock.ms, collectedAt: clock.ms };
    const said = { status: "unsupported", reason: null, durationMs: null } as const;
    const stored = CATEGORIES.map(async (category) => {
      // Each as on another server.
      const report = { sensorId: sensor.id, wasComplete: false, times, categories: [{ category, ...said }] };
      const prepared = await openReportWriter(manifests).prepare([report]);
      return await inTransaction(db, async (tx) => {
        await lockSensorStates(tx, [sensor.id]);
        return await prepared.insert(tx);
      });
    });
    expect(await Promise.all(stored)).toEqual(CATEGORIES.map(() => [sensor.id]));
    const [found] = await findInventories(db, [sensor.id]);
    expect([...found!.states.keys()].toSorted()).toEqual(CATEGORIES.toSorted());
    expect(await sensor.status()).not.toBe("pending");
  });
}
