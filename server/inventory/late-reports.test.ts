// Reports from a sensor's spool: each counts once, in order, with the time of its collection.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import { reportedContents } from "../testing/test-history.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hello = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const CHECK_IN = "/sensor/v1/check-in";
const USERS = "/sensor/v1/inventory/users";

/** A sensor that reports the groups of its host. */
async function reporting(world: World) {
  const cookie = await world.signedIn("admin");
  const body = { name: "Late", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const token = { token: value };
  const init = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, token);
  const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", init)).json()) as { sensorId: string };
  async function send(method: string, path: string, content: unknown) {
    const request = sensor.request(method, path, content, world.clock.ms, { keyid: sensorId });
    const response = await world.fetch(path, request);
    expect(response.status).toBeLessThan(300);
    return response.status === 204 ? {} : ((await response.json()) as { wanted?: string[] });
  }
  return {
    async report(groups: string[], collectedAt?: string, manifests = 1) {
      const items = groups.map((name) => {
        return { key: `group:${name}`, kind: "group", name, gid: 7, members: [], privileges: [] };
      });
      const chunks = cutChunks("users", items, sha256);
      const hashes = chunks.map(({ hash }) => hash);
      const root = rootHash(hashes, sha256);
      const inventory = { users: { status: "collected", root } };
      const { wanted } = await send("POST", CHECK_IN, { ...hello, collectedAt, inventory });
      if (!wanted?.includes("users")) return root;
      const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
      await send("PUT", `${USERS}/chunks`, { chunks: contents });
      for (let nth = 0; nth < manifests; nth++)
        await send("PUT", USERS, { root, chunks: hashes, collectedAt });
      return root;
    },
    async fail(reason: string) {
      await send("POST", CHECK_IN, { ...hello, inventory: { users: { status: "failed", reason } } });
    },
    async users() {
      const { inventory } = await world.call(getSensor, cookie, { params: { id: sensorId } });
      return inventory.find(({ category }) => category === "users");
    },
    history: () => reportedContents(world.db),
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`the server stores all reports that arrive within one millisecond, in order, with their collection times (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await reporting(world);
    const now = world.clock.ms;
    const times = [5, 3, 2].map((minutes) => now - minutes * 60_000);
    const roots: string[] = [];
    for (const [index, groups] of [["a"], ["a", "b"], ["a"]].entries())
      roots.push(await sensor.report(groups, new Date(times[index]!).toISOString()));
    expect(roots[2]).toBe(roots[0]!);
    expect(await sensor.history()).toEqual(
      roots.map((root, index) => ({
        ...{ sensorId: expect.any(String), category: "users", root: root.slice(0, 32) },
        ...{ reportedAt: now + index, collectedAt: times[index]! },
      })),
    );
    const changedAt = new Date(times[2]!).toISOString();
    expect(await sensor.users()).toMatchObject({ status: "collected", items: 1, changedAt });
  });

  test(`a report or a chunk list that is sent twice counts once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await reporting(world);
    await sensor.report(["a"], undefined, 2);
    world.clock.ms += 60_000;
    await sensor.report(["a"]);
    expect(await sensor.history()).toHaveLength(1);
    expect(await sensor.users()).toMatchObject({ changedAt: "2026-11-24T09:00:00.000Z" });
  });

  test(`a collection time is limited to the server's time and to the time of the previous report (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await reporting(world);
    const start = world.clock.ms;
    await sensor.report(["a"], "9999-12-31T23:59:59.999Z");
    world.clock.ms += 60_000;
    await sensor.report(["b"], "0000-01-01T00:00:00.000Z");
    await sensor.report(["c"], new Date(start + 30_000).toISOString());
    await sensor.report(["d"]);
    const times = (await sensor.history()).map(({ collectedAt }) => collectedAt - start);
    expect(times).toEqual([0, 0, 30_000, 60_000]);
  });

  test(`a failed report keeps the time of the last change, and an equal report after it is a new entry (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await reporting(world);
    await sensor.report(["a"]);
    await sensor.fail("no /etc/group");
    await sensor.fail("no /etc/passwd");
    const changedAt = "2026-11-24T09:00:00.000Z";
    expect(await sensor.users()).toMatchObject({ status: "failed", reason: "no /etc/passwd", changedAt });
    world.clock.ms += 60_000;
    await sensor.report(["a"]);
    expect(await sensor.users()).toMatchObject({ status: "collected", items: 1 });
    expect((await sensor.history()).map(({ reportedAt }) => reportedAt)).toEqual([
      world.clock.ms - 60_000,
      world.clock.ms,
    ]);
  });
}
