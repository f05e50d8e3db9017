// A host that was installed anew: shown beside the silent sensor that it looks like, merged, kept apart, separated again.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import type { ReimagedHostsRule } from "@attacklens/protocol/token-settings.ts";
import type { Dialect } from "../../db/dialect.ts";
import { makeTestSensor, type TestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../../testing/test-world.ts";
import { mergeByRule } from "./matches.ts";

const HOUR_MS = 3_600_000;
const HARDWARE = {
  productUuid: "4c4c4544-0042-3510-8052-b4c04f333432",
  serialNumber: "B5R3342",
  macs: ["d0:94:66:12:34:56"],
};
const ALL_FAILED = Object.fromEntries(
  ["packages", "services", "ports", "users", "security", "system"].map((category) => [
    category,
    { status: "failed", reason: "none" },
  ]),
);

async function openFleet(
  dialect: Dialect,
  settings: { reimagedHosts?: ReimagedHostsRule; tags?: string[] } = {},
) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const { value } = await world.call(tokens.createEnrollmentToken, cookie, {
    body: { name: "Databases", scope: { type: "all-assets" }, expiresAt: null, ...settings },
  });
  const enroll = async (hostname: string, facts: Record<string, unknown> = HARDWARE, token = value) => {
    const key = makeTestSensor();
    const body = key.enrollBody(hostname, facts);
    const init = key.request("POST", "/sensor/v1/enroll", body, world.clock.ms, {
      token,
      nonce: world.clock.ms * 1000,
    });
    const response = await world.fetch("/sensor/v1/enroll", init);
    expect(response.status).toBe(201);
    return { key, id: ((await response.json()) as { sensorId: string }).sensorId };
  };
  return {
    world,
    cookie,
    enroll,
    /** Checks in with a whole report. */
    checkIn: (sensor: { key: TestSensor; id: string }) => checkIn(world, sensor),
    see: (id: string) => world.call(routes.getSensor, cookie, { params: { id } }),
    list: async (query: object = {}) =>
      (await world.call(routes.listSensors, cookie, { query })).items.map(({ id }) => id).toSorted(),
    assets: async () => (await world.call(listAssets, cookie, {})).items,
    events: async (action: string) =>
      (await world.db.selectFrom("auditEvent").selectAll().where("action", "=", action).execute()).map(
        ({ details, ...event }) => ({ ...event, details: JSON.parse(details) }),
      ),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function checkIn(world: World, { key, id }: { key: TestSensor; id: string }) {
  world.clock.ms += 1;
  const body = { protocolVersion: 1, sensorVersion: "2026.11.0", inventory: ALL_FAILED };
  const init = key.request("POST", "/sensor/v1/check-in", body, world.clock.ms, {
    keyid: id,
    nonce: world.clock.ms * 1000,
  });
  const response = await world.fetch("/sensor/v1/check-in", init);
  return { status: response.status, body: await response.json() };
}

for (const dialect of TESTED_DIALECTS) {
  test(`a new sensor on the hardware of an offline one is shown beside it, with the facts, once that one is silent (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const old = await fleet.enroll("db-07", { ...HARDWARE, machineId: "a".repeat(32) });
    await fleet.checkIn(old);
    const { lastSeenAt } = await fleet.see(old.id);
    fleet.world.clock.ms += 60_000;
    const anew = await fleet.enroll("localhost", { ...HARDWARE, machineId: "b".repeat(32) });
    // It was here a minute ago: it may be alive.
    expect((await fleet.see(anew.id)).match).toBeNull();
    fleet.world.clock.ms += HOUR_MS;
    const { match, can } = await fleet.see(anew.id);
    expect(match).toMatchObject({ sensor: { id: old.id, name: "db-07" }, lastSeenAt, isCertain: true });
    expect(match!.facts.filter(({ evidence }) => evidence === "for").map(({ kind }) => kind)).toEqual([
      "product-uuid",
      "serial-number",
      "mac-address",
    ]);
    expect(match!.facts.find(({ kind }) => kind === "hostname")).toEqual({
      kind: "hostname",
      before: "db-07",
      now: "localhost",
      agrees: false,
      evidence: "not-hardware",
    });
    expect(can).toMatchObject({ merge: { allowed: true }, dismissMatch: { allowed: true } });
    expect(await fleet.list({ match: "any" })).toEqual([anew.id]);
    expect((await fleet.see(old.id)).match).toBeNull();
  });

  test(`a token whose rule is to keep both asks nobody (${dialect})`, async () => {
    await using fleet = await openFleet(dialect, { reimagedHosts: "keep" });
    await fleet.enroll("db-07");
    fleet.world.clock.ms += HOUR_MS;
    const anew = await fleet.enroll("db-07");
    expect((await fleet.see(anew.id)).match).toBeNull();
    expect(await fleet.list({ match: "any" })).toEqual([]);
  });

  test(`an old one that is heard after the new one enrolled is never taken for it (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const old = await fleet.enroll("db-07");
    await fleet.checkIn(old);
    fleet.world.clock.ms += 60_000;
    const anew = await fleet.enroll("db-07");
    await fleet.checkIn(old);
    fleet.world.clock.ms += HOUR_MS;
    expect((await fleet.see(anew.id)).match).toBeNull();
    const merging = fleet.world.call(routes.mergeSensor, fleet.cookie, {
      params: { id: anew.id },
      body: { predecessorId: old.id },
    });
    await expect(merging).rejects.toThrow("state-conflict");
  });

  test(`neither a name, nor one hardware fact, nor hardware that a living sensor tells too is enough (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    await fleet.enroll("db-07", { ...HARDWARE, machineId: "a".repeat(32) });
    const board = await fleet.enroll("board", { productUuid: "board-1", serialNumber: "board-serial" });
    fleet.world.clock.ms += HOUR_MS;
    const living = await fleet.enroll("board-2", { productUuid: "board-1", serialNumber: "board-serial" });
    const others = [
      await fleet.enroll("db-07", { machineId: "a".repeat(32) }),
      await fleet.enroll("db-07", { productUuid: HARDWARE.productUuid }),
      await fleet.enroll("board-3", { productUuid: "board-1", serialNumber: "board-serial" }),
    ];
    expect((await fleet.see(living.id)).match?.sensor.id).toBe(board.id);
    for (const { id } of others) expect((await fleet.see(id)).match).toBeNull();
  });

  test(`a token of another asset group reaches no sensor of this one (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const old = await fleet.enroll("db-07");
    const group = await world.call(createAssetGroup, cookie, { body: { name: "Elsewhere" } });
    const scope = { type: "asset-group", assetGroupId: group.id } as const;
    const { value } = await world.call(tokens.createEnrollmentToken, cookie, {
      body: { name: "Other", scope, expiresAt: null, reimagedHosts: "merge" },
    });
    world.clock.ms += HOUR_MS;
    const anew = await fleet.enroll("db-07", HARDWARE, value);
    await fleet.checkIn(anew);
    expect((await fleet.see(anew.id)).match).toBeNull();
    expect(await mergeByRule(world.db, world.clock.ms, 60)).toBe(0);
    expect((await fleet.see(old.id)).status).not.toBe("replaced");
  });

  test(`merging goes on with asset, tags and identifiers; the old key undoes it when it is heard again (${dialect})`, async () => {
    await using fleet = await openFleet(dialect, { tags: ["pci"] });
    const { world, cookie } = fleet;
    const old = await fleet.enroll("db-07", { ...HARDWARE, addresses: ["10.0.0.7"] });
    await fleet.checkIn(old);
    world.clock.ms += HOUR_MS;
    const anew = await fleet.enroll("db-08", { ...HARDWARE, addresses: ["10.0.0.8"] });
    const [oldAsset, newAsset] = [(await fleet.see(old.id)).asset, (await fleet.see(anew.id)).asset];
    const merged = await world.call(routes.mergeSensor, cookie, {
      params: { id: anew.id },
      body: { predecessorId: old.id },
    });
    expect(merged).toMatchObject({ asset: oldAsset, match: null, tags: ["pci"] });
    expect((await fleet.assets()).map(({ id, sensor }) => [id, sensor?.id])).toEqual([
      [oldAsset.id, anew.id],
    ]);
    expect(await fleet.list()).toEqual([anew.id]);
    expect(await fleet.list({ status: "replaced" })).toEqual([old.id]);
    expect(await fleet.see(old.id)).toMatchObject({
      status: "replaced",
      replacedBy: { id: anew.id, name: "db-08" },
      can: { undoMerge: { allowed: true }, reEnroll: { allowed: false } },
    });
    expect((await fleet.see(anew.id)).replaces).toMatchObject([
      { sensor: { id: old.id, name: "db-07" }, replacedBy: "The posture-manager" },
    ]);
    expect(await fleet.events("sensor.replaced")).toMatchObject([
      {
        entityId: old.id,
        details: { by: anew.id, agrees: ["product-uuid", "serial-number", "mac-address"] },
      },
    ]);

    // It was off, not installed anew: nothing is lost to either.
    world.clock.ms += HOUR_MS;
    expect((await fleet.checkIn(old)).status).toBe(200);
    expect((await fleet.checkIn(anew)).status).toBe(200);
    expect(await fleet.see(old.id)).toMatchObject({ status: "online", asset: oldAsset, replacedBy: null });
    expect(await fleet.see(anew.id)).toMatchObject({ asset: newAsset, replaces: [], match: null });
    const identifiers = await world.db
      .selectFrom("assetIdentifier")
      .selectAll()
      .where("type", "=", "ip-address")
      .execute();
    expect(identifiers.map(({ assetId, value }) => [assetId, value]).toSorted()).toEqual(
      [
        [oldAsset.id, "10.0.0.7"],
        [newAsset.id, "10.0.0.8"],
      ].toSorted(),
    );
    expect(await fleet.events("sensor.merge-undone")).toMatchObject([
      { entityId: old.id, actorType: "system", details: { from: anew.id, heardAgain: true } },
    ]);
  });

  test(`a replayed or unsigned request of the old one undoes nothing; keeping both and separating are final (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const old = await fleet.enroll("db-07");
    world.clock.ms += HOUR_MS;
    const replay = old.key.request(
      "POST",
      "/sensor/v1/check-in",
      { protocolVersion: 1, sensorVersion: "1" },
      world.clock.ms,
      {
        keyid: old.id,
        nonce: 1,
      },
    );
    const anew = await fleet.enroll("db-07");
    const pair = { params: { id: anew.id }, body: { predecessorId: old.id } };
    await world.call(routes.mergeSensor, cookie, pair);
    expect((await world.fetch("/sensor/v1/check-in", replay)).status).toBe(401);
    const forged = makeTestSensor();
    expect((await fleet.checkIn({ key: forged, id: old.id })).status).toBe(401);
    expect((await fleet.see(old.id)).status).toBe("replaced");
    await expect(world.call(routes.mergeSensor, cookie, pair)).rejects.toThrow("state-conflict");

    await world.call(routes.undoMerge, cookie, { params: { id: old.id } });
    expect((await fleet.see(anew.id)).match).toBeNull();
    await expect(world.call(routes.undoMerge, cookie, { params: { id: old.id } })).rejects.toThrow(
      "state-conflict",
    );

    const third = await fleet.enroll("db-07");
    // The second one lives, and tells the same hardware: nobody knows which is which.
    expect((await fleet.see(third.id)).match).toBeNull();
    world.clock.ms += HOUR_MS;
    const fourth = await fleet.enroll("db-07");
    expect((await fleet.see(fourth.id)).match?.sensor.id).toBe(third.id);
    await world.call(routes.dismissMatch, cookie, {
      params: { id: fourth.id },
      body: { predecessorId: third.id },
    });
    expect((await fleet.see(fourth.id)).match?.sensor.id).toBe(anew.id);
    expect(await fleet.events("sensor.match-dismissed")).toHaveLength(1);
  });

  test(`a host that is installed anew twice has one row, one asset, and both lives behind it (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const lives = [];
    for (const name of ["db-07", "db-07b", "db-07c"]) {
      lives.push(await fleet.enroll(name));
      world.clock.ms += HOUR_MS;
    }
    const [first, second, third] = lives as [(typeof lives)[0], (typeof lives)[0], (typeof lives)[0]];
    const assetsBefore = await Promise.all(lives.map(async ({ id }) => (await fleet.see(id)).asset.id));
    const merge = (id: string, predecessorId: string) =>
      world.call(routes.mergeSensor, cookie, { params: { id }, body: { predecessorId } });
    await merge(second.id, first.id);
    world.clock.ms += 1;
    await merge(third.id, second.id);
    expect(await fleet.list()).toEqual([third.id]);
    expect((await fleet.see(third.id)).replaces.map(({ sensor }) => sensor.id)).toEqual([
      second.id,
      first.id,
    ]);
    expect((await fleet.assets()).map(({ id }) => id)).toEqual([assetsBefore[0]!]);

    // The first is heard again: it has its asset, and those after it the one that the second had.
    await fleet.checkIn(first);
    expect((await fleet.see(first.id)).asset.id).toBe(assetsBefore[0]!);
    expect((await fleet.see(third.id)).asset.id).toBe(assetsBefore[1]!);
    await fleet.checkIn(second);
    expect((await fleet.see(second.id)).asset.id).toBe(assetsBefore[1]!);
    expect((await fleet.see(third.id)).asset.id).toBe(assetsBefore[2]!);
    expect((await fleet.assets()).length).toBe(3);
  });

  test(`the token's rule merges by itself what is certain and reports; deleting the sensor ends all its lives (${dialect})`, async () => {
    await using fleet = await openFleet(dialect, { reimagedHosts: "merge" });
    const { world, cookie } = fleet;
    const sweep = () => mergeByRule(world.db, world.clock.ms, 60);
    const old = await fleet.enroll("db-07");
    const exchanged = await fleet.enroll("web-01", {
      ...HARDWARE,
      productUuid: "other-uuid",
      serialNumber: "other",
      macs: ["d0:94:66:00:00:01"],
    });
    world.clock.ms += HOUR_MS;
    const anew = await fleet.enroll("db-07");
    const doubtful = await fleet.enroll("web-01", {
      productUuid: "other-uuid",
      serialNumber: "other",
      macs: ["d0:94:66:00:00:02"],
    });
    expect(await sweep()).toBe(0);
    await fleet.checkIn(anew);
    await fleet.checkIn(doubtful);
    expect(await sweep()).toBe(1);
    expect(await sweep()).toBe(0);
    expect(await fleet.see(old.id)).toMatchObject({ status: "replaced", replacedBy: { id: anew.id } });
    expect((await fleet.see(anew.id)).replaces).toMatchObject([{ replacedBy: null }]);
    expect((await fleet.see(doubtful.id)).match).toMatchObject({
      sensor: { id: exchanged.id },
      isCertain: false,
    });
    await world.call(routes.deleteSensor, cookie, { params: { id: anew.id } });
    expect(await fleet.list({ status: "replaced" })).toEqual([]);
    expect((await fleet.checkIn(old)).body).toMatchObject({ code: "sensor-unknown" });
  });
}
