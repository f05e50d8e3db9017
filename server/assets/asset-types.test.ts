// The types of assets: derived from reports, set by users, and listed.
import { expect, test } from "bun:test";
import { getAsset, listAssets, setAssetType } from "@attacklens/protocol/assets.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import { CHECK_IN, enrollReporter, HELLO, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const system = (virtualization: string, name = "Debian GNU/Linux") => [
  { key: "host", kind: "host", hostname: "web-01" },
  { key: "os", kind: "os", platform: "linux", name, version: "12" },
  { key: "virtualization", kind: "virtualization", type: virtualization },
];
const hardware = (chassis: string) => [{ key: "chassis", kind: "chassis", type: chassis }];

async function openHost(world: Awaited<ReturnType<typeof openWorld>>, cookie: string) {
  const sensor = await enrollReporter(world, cookie);
  await sensor.send("POST", CHECK_IN, HELLO);
  const seen = await world.call(getSensor, cookie, { params: { id: sensor.id } });
  const params = { id: seen.asset.id };
  return {
    params,
    see: async () => {
      const { type, typeSource } = await world.call(getAsset, cookie, { params });
      return [type, typeSource];
    },
    async report(category: "system" | "hardware", items: { key: string }[]) {
      world.clock.ms += 1_000;
      const chunks = cutChunks(category, items as never, sha256);
      const hashes = chunks.map(({ hash }) => hash);
      const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
      await sensor.send("PUT", `/sensor/v1/inventory/${category}/chunks`, { chunks: contents });
      const manifest = { root: rootHash(hashes, sha256), chunks: hashes };
      const reply = await sensor.send("PUT", `/sensor/v1/inventory/${category}`, manifest);
      expect([reply.status, reply.body]).toEqual([200, { missing: [] } as never]);
    },
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`reports change a derived type, and never one that a user has set (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const host = await openHost(world, cookie);
    expect(await host.see()).toEqual(["server", "derived"]);
    await host.report("system", system("none"));
    await host.report("hardware", hardware("Notebook"));
    expect(await host.see()).toEqual(["laptop", "derived"]);
    // The chassis of the other category is still known.
    await host.report("system", system("none", "Fedora Linux"));
    expect(await host.see()).toEqual(["laptop", "derived"]);
    await host.report("system", system("kvm"));
    expect(await host.see()).toEqual(["virtual-machine", "derived"]);

    const set = (type: "endpoint" | null) =>
      world.call(setAssetType, cookie, { params: host.params, body: { type } });
    expect(await set("endpoint")).toMatchObject({ type: "endpoint", typeSource: "user" });
    await host.report("system", system("none"));
    expect(await host.see()).toEqual(["endpoint", "user"]);
    // What was reported meanwhile counts again.
    expect(await set(null)).toMatchObject({ type: "laptop", typeSource: "derived" });

    const events = await world.db
      .selectFrom("auditEvent")
      .selectAll()
      .where("action", "=", "asset.type-changed")
      .orderBy("sequence")
      .execute();
    expect(events.map(({ details }) => JSON.parse(details))).toEqual([
      {
        before: { type: "virtual-machine", source: "derived" },
        after: { type: "endpoint", source: "user" },
      },
      {
        before: { type: "endpoint", source: "user" },
        after: { type: "laptop", source: "derived" },
      },
    ]);
  });

  test(`assets are listed by type, and Viewers may not set it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const laptop = await openHost(world, cookie);
    await laptop.report("hardware", hardware("Laptop"));
    await openHost(world, cookie);
    const list = async (query: object) =>
      (await world.call(listAssets, cookie, { query })).items.map(({ type }) => type);
    expect(await list({ type: "laptop" })).toEqual(["laptop"]);
    expect(await list({ type: "server", sort: "createdAt", order: "desc" })).toEqual(["server"]);
    expect(await list({ type: "server", q: "web" })).toEqual(["server"]);
    expect(await list({ type: "desktop" })).toEqual([]);
    const viewer = await world.signedIn("viewer");
    const [asset] = (await world.call(listAssets, viewer)).items;
    expect(asset!.can.setType.allowed).toBe(false);
    await expect(
      world.call(setAssetType, viewer, { params: { id: asset!.id }, body: { type: "desktop" } }),
    ).rejects.toThrow();
  });
}
