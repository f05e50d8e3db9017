// What a sensor says about the collection of a category: its result with the reason, what the items lack, and
// the number of all items.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { cutChunks, type Remarks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import { reportedContents } from "../testing/test-history.ts";
import { CHECK_IN, enrollReporter, HELLO } from "../testing/test-reporter.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const USERS = "/sensor/v1/inventory/users";
const GAPS: Remarks["gaps"] = [
  { kind: "not-permitted", subject: "/etc/shadow", reason: "permission denied" },
  { kind: "limit", subject: "/home/*", reason: "too many to list", count: 200 },
];

async function openReporter(world: World) {
  const cookie = await world.signedIn("admin");
  const sensor = await enrollReporter(world, cookie);
  const items = ["adm", "sudo"].map((name) => {
    return { key: `group:${name}`, kind: "group", name, gid: 7, members: [], privileges: [] };
  });
  const chunks = cutChunks("users", items, sha256);
  const hashes = chunks.map(({ hash }) => hash);
  const say = async (users: object) =>
    await sensor.send("POST", CHECK_IN, { ...HELLO, inventory: { users } });
  return {
    say,
    hashes,
    put: (body: object) => sensor.send("PUT", USERS, body),
    async report(remarks: Remarks, durationMs: number) {
      const root = rootHash(hashes, sha256, remarks);
      const { body } = await say({ status: "collected", root, durationMs });
      if (!(body as unknown as { wanted: string[] }).wanted.includes("users")) return;
      const contents = Object.fromEntries(chunks.map(({ hash, content }) => [hash, JSON.parse(content)]));
      await sensor.send("PUT", `${USERS}/chunks`, { chunks: contents });
      const manifest = { root, chunks: hashes, ...remarks, durationMs };
      const stored = await sensor.send("PUT", USERS, manifest);
      expect(stored).toMatchObject({ status: 200, body: { missing: [] } } as object);
    },
    async users() {
      const { inventory } = await world.call(getSensor, cookie, { params: { id: sensor.id } });
      return inventory.find(({ category }) => category === "users");
    },
    async items() {
      const params = { id: sensor.id, category: "users" } as const;
      return (await world.call(listSensorInventory, cookie, { params })).items.length;
    },
    history: async () => (await reportedContents(world.db)).length,
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`stores the gaps of a category, the number of all items and the duration (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await openReporter(world);
    await sensor.report({ gaps: GAPS, totalItems: 70_000 }, 312);
    const state = { status: "collected", items: 2, totalItems: 70_000, gaps: GAPS, durationMs: 312 };
    expect(await sensor.users()).toMatchObject(state);
    // The same items without gaps are a change, and need no upload of chunks.
    await sensor.report({}, 300);
    const whole = await sensor.users();
    expect(whole).toMatchObject({ status: "collected", items: 2, durationMs: 300 });
    expect(whole).not.toHaveProperty("gaps");
    expect(whole).not.toHaveProperty("totalItems");
    expect(await sensor.history()).toBe(2);
  });

  test(`another duration alone changes nothing (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await openReporter(world);
    await sensor.report({ gaps: GAPS }, 312);
    await sensor.report({ gaps: GAPS }, 900);
    expect(await sensor.users()).toMatchObject({ durationMs: 312 });
    expect(await sensor.history()).toBe(1);
    const slow = { status: "too-slow", reason: "it took more than 10 seconds" };
    await sensor.say({ ...slow, durationMs: 10_000 });
    await sensor.say({ ...slow, durationMs: 10_001 });
    expect(await sensor.users()).toMatchObject({ ...slow, durationMs: 10_000, items: 2 });
  });

  test(`tells the results of a collection apart, and shows no items that the host has no more (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await openReporter(world);
    await sensor.report({ gaps: GAPS }, 1);
    for (const status of ["failed", "too-slow", "not-permitted"]) {
      await sensor.say({ status, reason: `it is ${status}` });
      expect(await sensor.users()).toMatchObject({ status, reason: `it is ${status}`, items: 2 });
      expect(await sensor.items()).toBe(2);
    }
    for (const said of [{ status: "absent", reason: "no /etc/passwd" }, { status: "switched-off" }]) {
      await sensor.say(said);
      expect(await sensor.users()).toEqual({
        category: "users",
        ...said,
        items: 0,
        changedAt: null,
      } as never);
      expect(await sensor.items()).toBe(0);
    }
    await sensor.report({ gaps: GAPS }, 1);
    expect(await sensor.users()).toMatchObject({ status: "collected", items: 2, gaps: GAPS });
  });

  test(`rejects a result of a newer sensor, and remarks that do not belong to the root (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await openReporter(world);
    const refused = { status: 422, body: { code: "input-invalid" } };
    expect(await sensor.say({ status: "postponed" })).toMatchObject(refused);
    expect(await sensor.say({ status: "absent" })).toMatchObject(refused);
    await sensor.report({}, 1);
    const chunks = sensor.hashes;
    const put = (remarks: Remarks, root = rootHash(chunks, sha256, remarks)) =>
      sensor.put({ root, chunks, ...remarks });
    expect(await put({ gaps: GAPS }, rootHash(chunks, sha256))).toMatchObject(refused);
    expect(await put({ totalItems: 2 })).toMatchObject({
      body: { fields: { totalItems: "must be more than the 2 items of the chunks" } },
    });
    expect(await put({ gaps: [] })).toMatchObject(refused);
    expect(await put({ totalItems: 3 })).toMatchObject({ status: 200 });
  });
}
