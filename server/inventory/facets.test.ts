// The items of a category, filtered by facets with counts, and sorted by a field.
import { expect, test } from "bun:test";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { CHECK_IN, enrollReporter, HELLO, sha256 } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const service = (name: string, state: string, enablement: string, user?: string) => ({
  key: `${name}.service`,
  kind: "service",
  manager: "systemd",
  name: `${name}.service`,
  enablement,
  state,
  ...(user ? { user } : {}),
});
const SERVICES = [
  service("a10", "running", "enabled", "root"),
  service("a2", "stopped", "disabled"),
  service("b", "running", "static", "www-data"),
  service("c", "failed", "enabled"),
];
const port = (address: string, port: number) => ({
  key: `tcp/${address}:${port}`,
  protocol: "tcp",
  address,
  port,
  processes: [],
});
const PORTS = [port("0.0.0.0", 22), port("127.0.0.1", 631), port("::", 80), port("10.0.0.1", 9000)];

for (const dialect of TESTED_DIALECTS) {
  test(`items are filtered by facets, counted, and sorted by a field (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    for (const [category, items] of [
      ["services", SERVICES],
      ["ports", PORTS],
    ] as const) {
      const chunks = cutChunks(category, items as never, sha256);
      const hashes = chunks.map(({ hash }) => hash);
      const root = rootHash(hashes, sha256);
      const upload = `/sensor/v1/inventory/${category}`;
      await sensor.send("POST", CHECK_IN, {
        ...HELLO,
        inventory: { [category]: { status: "collected", root } },
      });
      await sensor.send("PUT", upload, { root, chunks: hashes });
      const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
      expect((await sensor.send("PUT", `${upload}/chunks`, { chunks: contents })).status).toBe(204);
      expect((await sensor.send("PUT", upload, { root, chunks: hashes })).body).toEqual({
        missing: [],
      } as never);
      const report = { ...HELLO, inventory: { [category]: { status: "collected", root } } };
      expect((await sensor.send("POST", CHECK_IN, report)).body).toMatchObject({ wanted: [] });
    }
    const list = async (category: Category, query: RouteRequest<typeof listSensorInventory>["query"]) => {
      const page = await world.call(listSensorInventory, cookie, {
        params: { id: sensor.id, category },
        query,
      });
      const counts = page.facets.map(({ name, values }) => [
        name,
        values.map((value) => `${value.name} ${value.count}`).join(),
      ]);
      return { ...page, names: page.items.map(({ key }) => key.replace(".service", "")), counts };
    };
    const all = await list("services", {});
    expect(all.names).toEqual(["a10", "a2", "b", "c"]);
    expect(Object.fromEntries(all.counts)).toEqual({
      state: "running 2,failed 1,stopped 1",
      enablement: "enabled 2,disabled 1,static 1",
    });
    // The counts of a facet ignore its own choice, and follow the others and the search.
    const running = await list("services", { where: "state:running" });
    expect([running.names, running.total]).toEqual([["a10", "b"], 2]);
    expect(Object.fromEntries(running.counts)).toEqual({
      state: "running 2,failed 1,stopped 1",
      enablement: "enabled 1,static 1",
    });
    const both = await list("services", {
      where: "state:running,state:failed,enablement:enabled",
      q: "SERVICE",
    });
    expect(both.names).toEqual(["a10", "c"]);
    expect((await list("services", { where: "state:none" })).names).toEqual([]);
    expect((await list("ports", { where: "reach:every-address" })).names).toEqual([
      "tcp/0.0.0.0:22",
      "tcp/:::80",
    ]);

    // Numbers in texts sort by value. Items without a value come last in both orders.
    const sorted = async (sort: string, order: "asc" | "desc") =>
      (await list("services", { sort, order })).names;
    expect(await sorted("name", "asc")).toEqual(["a2", "a10", "b", "c"]);
    expect(await sorted("name", "desc")).toEqual(["c", "b", "a10", "a2"]);
    expect(await sorted("user", "desc")).toEqual(["b", "a10", "a2", "c"]);
    const first = await list("services", { sort: "name", limit: 3 });
    expect(first.names).toEqual(["a2", "a10", "b"]);
    const rest = await list("services", { sort: "name", limit: 3, cursor: first.nextCursor! });
    expect([rest.names, rest.nextCursor]).toEqual([["c"], null]);

    for (const query of [
      { where: "nothing:here" },
      { where: "state" },
      { sort: "secret" },
      { where: "__proto__:x" },
    ])
      await expect(list("services", query)).rejects.toThrow("422");
  });
}
