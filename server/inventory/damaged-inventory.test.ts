// Stored inventory that cannot be read, e.g. after a disk error or an incomplete restore, never causes an
// internal error, and does not keep sensors from reporting.
import { expect, test } from "bun:test";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import type { Database } from "../db/schema.ts";
import { CHECK_IN, enrollReporter, HELLO, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const GARBAGE = new Uint8Array([0xff, 0x80, 0x07]);

const DAMAGES: Record<string, (db: Database) => Promise<unknown>> = {
  "packs with other content": (db) => db.updateTable("inventoryPack").set({ content: GARBAGE }).execute(),
  "packs that describe other chunks": (db) =>
    db.updateTable("inventoryPack").set({ chunks: GARBAGE }).execute(),
  "packs with other names": (db) => db.updateTable("inventoryPack").set({ names: GARBAGE }).execute(),
  "lost packs": (db) => db.deleteFrom("inventoryPack").execute(),
  "lists of chunks that do not exist": (db) =>
    db
      .updateTable("inventoryManifest")
      .set({ chunks: new Uint8Array([1, 0x80, 0x80, 7]) })
      .execute(),
  "lists without their base": (db) =>
    db.deleteFrom("inventoryManifest").where("baseId", "is", null).execute(),
  "lost lists": (db) => db.deleteFrom("inventoryManifest").execute(),
  "gaps that are no JSON": (db) => db.updateTable("inventoryManifest").set({ gaps: "[{" }).execute(),
};

function inventoryOf(version: string) {
  const packages = Array.from({ length: 40 }, (_, index) => {
    const name = `package-${index}`;
    return { key: `dpkg:${name}:amd64`, manager: "dpkg", name, version: index < 2 ? version : "1" };
  });
  const system = [{ key: "host", kind: "host", hostname: `web-${version}` }];
  return { packages, system };
}

type Reporter = Awaited<ReturnType<typeof enrollReporter>>;

/** Returns the statuses of all replies. */
async function report(sensor: Reporter, version: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const [category, items] of Object.entries(inventoryOf(version))) {
    const chunks = cutChunks(category as "packages", items, sha256);
    const list = { root: "", chunks: chunks.map(({ hash }) => hash) };
    list.root = rootHash(list.chunks, sha256);
    const inventory = { [category]: { status: "collected", root: list.root } };
    const path = `/sensor/v1/inventory/${category}`;
    statuses.push((await sensor.send("POST", CHECK_IN, { ...HELLO, inventory })).status);
    const asked = await sensor.send("PUT", path, list);
    const missing = (asked.body as unknown as { missing?: string[] }).missing ?? [];
    const contents = chunks
      .filter(({ hash }) => missing.includes(hash))
      .map(({ hash, content }) => [hash, JSON.parse(content)]);
    statuses.push(asked.status);
    if (contents.length > 0)
      statuses.push(
        (await sensor.send("PUT", `${path}/chunks`, { chunks: Object.fromEntries(contents) })).status,
      );
    statuses.push((await sensor.send("PUT", path, list)).status);
  }
  return statuses;
}

for (const dialect of TESTED_DIALECTS)
  for (const [what, damage] of Object.entries(DAMAGES))
    test(`${what} cause no internal error, and sensors report on (${dialect})`, async () => {
      await using world = await openWorld(dialect);
      const cookie = await world.signedIn("admin");
      const before = await enrollReporter(world, cookie, "one");
      await report(before, "1");
      await report(await enrollReporter(world, cookie, "two"), "2");
      await damage(world.db);

      // A server that remembers nothing.
      const fetch = await world.secondFetch();
      const read = async (path: string) =>
        (await fetch(`/api/v1/sensors/${before.id}${path}`, { headers: { cookie } })).status;
      expect(await read("")).toBe(200);
      for (const category of ["packages", "system"])
        expect(await read(`/inventory/${category}`)).toBeLessThan(500);

      const after = await enrollReporter({ ...world, fetch }, cookie, "three");
      for (const version of ["1", "3"])
        for (const status of await report(after, version)) expect(status).toBeLessThan(500);
      if (what !== "lost packs") return;
      for (const category of ["packages", "system"]) {
        const path = `/api/v1/sensors/${after.id}/inventory/${category}?limit=200`;
        const page = (await (await fetch(path, { headers: { cookie } })).json()) as { total: number };
        expect(page.total).toBe(inventoryOf("3")[category as "packages"].length);
      }
    });
