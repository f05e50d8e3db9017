// An installation from before packs: what sensors have reported stays, and they upload it in no group again.
import { expect, test } from "bun:test";
import { bucketOf, cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { reportedContents } from "../testing/test-history.ts";
import { CHECK_IN, enrollReporter, HELLO, PACKAGES, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { inventory } from "./migrations/0004-inventory.ts";
import { collectionResults } from "./migrations/0007-collection-results.ts";
import { inventoryStorage } from "./migrations/0008-inventory-storage.ts";
import type { Database } from "./schema.ts";

const TABLES = [
  ...["inventory_pack_key", "inventory_chunk_scope", "inventory_manifest", "inventory_pack"],
  ...["inventory_pack_number", "inventory_scope", "inventory_history", "inventory_state"],
];

/** The lists of packages of an earlier installation: the first in two groups, the second in one. */
const [former, present] = [[PACKAGES[0]!], PACKAGES].map((items) => {
  const chunks = cutChunks("packages", items, sha256);
  const hashes = chunks.map(({ hash }) => hash);
  return { items, chunks, hashes, root: rootHash(hashes, sha256) };
}) as [Content, Content];

interface Content {
  items: typeof PACKAGES;
  chunks: ReturnType<typeof cutChunks>;
  hashes: string[];
  root: string;
}

async function storeAsBefore(db: Database, sensorId: string): Promise<void> {
  for (const { items, chunks, hashes, root } of [former, present]) {
    for (const { hash, content, itemCount } of chunks) {
      const [item] = JSON.parse(content) as [{ key: string }];
      const bucket = bucketOf("packages", item.key);
      await sql`insert into inventory_chunk (hash, category, content, item_count, created_at, size_bytes, bucket)
        values (${hash}, 'packages', ${content}, ${itemCount}, 1, ${content.length}, ${bucket})
        on conflict do nothing`.execute(db);
    }
    await sql`insert into inventory_manifest (root, category, chunks, item_count, created_at)
      values (${root}, 'packages', ${JSON.stringify(hashes)}, ${items.length}, 1)`.execute(db);
    for (const hash of [...hashes, root])
      await sql`insert into inventory_scope (asset_group_id, hash) values ('', ${hash}) on conflict do nothing`.execute(
        db,
      );
  }
  for (const hash of [...former.hashes, former.root])
    await sql`insert into inventory_scope (asset_group_id, hash) values ('grp_1', ${hash})`.execute(db);
  for (const [root, at] of [
    [former.root, 100],
    [present.root, 200],
  ])
    await sql`insert into inventory_history (sensor_id, category, reported_at, root, collected_at)
      values (${sensorId}, 'packages', ${at}, ${root}, ${at})`.execute(db);
  await sql`insert into sensor_inventory (sensor_id, category, status, reason, root, changed_at, duration_ms)
    values (${sensorId}, 'packages', 'collected', null, ${present.root}, 200, 7),
      (${sensorId}, 'ports', 'failed', '/proc is not mounted', null, null, null)`.execute(db);
}

for (const dialect of TESTED_DIALECTS) {
  test(`the inventory of an earlier installation stays, with its history (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db } = world;
    const cookie = await world.signedIn("admin");
    const [sensor, other] = [
      await enrollReporter(world, cookie, "one"),
      await enrollReporter(world, cookie, "two"),
    ];
    await sql`drop view sensor_inventory`.execute(db);
    for (const table of TABLES) await sql`drop table ${sql.table(table)}`.execute(db);
    await inventory.up(db, dialect);
    await collectionResults.up(db, dialect);
    await storeAsBefore(db, sensor.id);
    await inventoryStorage.up(db, dialect);

    const params = { id: sensor.id, category: "packages" } as const;
    expect((await world.call(listSensorInventory, cookie, { params })).items).toEqual(PACKAGES as never);
    const { inventory: states } = await world.call(getSensor, cookie, { params: { id: sensor.id } });
    expect(states).toContainEqual({
      ...{ category: "packages", status: "collected", items: 2, durationMs: 7 },
      changedAt: "1970-01-01T00:00:00.200Z",
    });
    expect(states).toContainEqual({
      ...{ category: "ports", status: "failed", reason: "/proc is not mounted", items: 0, changedAt: null },
    });
    expect(await reportedContents(db)).toMatchObject(
      [former, present].map(({ root }, index) => ({
        root: root.slice(0, 32),
        reportedAt: 100 * (index + 1),
      })),
    );
    const { rows: scopes } = await sql`select s.asset_group_id, c.scope_id from inventory_scope s
      join inventory_chunk_scope c on c.scope_id = s.id`.execute(db);
    expect(scopes).toMatchObject([{ assetGroupId: "grp_1" }]);

    // What the group has is not requested again, and a change is stored as the difference from it.
    const report = { ...HELLO, inventory: { packages: { status: "collected", root: present.root } } };
    expect((await other.send("POST", CHECK_IN, report)).body).toMatchObject({ wanted: [] });
    const added = { ...PACKAGES[0]!, key: "dpkg:new:amd64", name: "new" };
    const chunks = cutChunks("packages", [...PACKAGES, added], sha256);
    const hashes = chunks.map(({ hash }) => hash);
    const manifest = { root: rootHash(hashes, sha256), chunks: hashes };
    const path = "/sensor/v1/inventory/packages";
    const missing = hashes.filter((hash) => !present.hashes.includes(hash));
    expect((await other.send("PUT", path, manifest)).body).toEqual({ missing } as never);
    const contents = chunks.filter(({ hash }) => missing.includes(hash));
    await other.send("PUT", `${path}/chunks`, {
      chunks: Object.fromEntries(contents.map(({ hash, content }) => [hash, JSON.parse(content)])),
    });
    expect((await other.send("PUT", path, manifest)).body).toEqual({ missing: [] } as never);
    const request = { params: { id: other.id, category: "packages" } as const };
    expect((await world.call(listSensorInventory, cookie, request)).total).toBe(3);
  });
}
