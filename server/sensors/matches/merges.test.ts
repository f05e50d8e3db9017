// Merging a re-imaged host, dismissing its match, and undoing a merge.
import { expect, test } from "bun:test";
import * as routes from "@attacklens/protocol/sensors.ts";
import { HARDWARE, HOUR_MS, openFleet } from "../../testing/test-fleet.ts";
import { makeTestSensor } from "../../testing/test-sensor.ts";
import { TESTED_DIALECTS } from "../../testing/test-world.ts";
import { mergeByRule } from "./merges.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a merge keeps asset, tags and identifiers; a request with the old key undoes it (${dialect})`, async () => {
    await using fleet = await openFleet(dialect, { tags: ["pci"] });
    const { world, cookie } = fleet;
    const old = await fleet.enroll("db-07", { ...HARDWARE, addresses: ["10.0.0.7"] });
    await fleet.checkIn(old);
    world.clock.ms += HOUR_MS;
    const successor = await fleet.enroll("db-08", { ...HARDWARE, addresses: ["10.0.0.8"] });
    const [oldAsset, newAsset] = [(await fleet.see(old.id)).asset, (await fleet.see(successor.id)).asset];
    const merged = await world.call(routes.mergeSensor, cookie, {
      params: { id: successor.id },
      body: { predecessorId: old.id },
    });
    expect(merged).toMatchObject({ asset: oldAsset, match: null, tags: ["pci"] });
    expect((await fleet.assets()).map(({ id, sensor }) => [id, sensor?.id])).toEqual([
      [oldAsset.id, successor.id],
    ]);
    expect(await fleet.list()).toEqual([successor.id]);
    expect(await fleet.list({ status: "replaced" })).toEqual([old.id]);
    expect(await fleet.see(old.id)).toMatchObject({
      status: "replaced",
      replacedBy: { id: successor.id, name: "db-08" },
      can: { undoMerge: { allowed: true }, reEnroll: { allowed: false } },
    });
    expect((await fleet.see(successor.id)).replaces).toMatchObject([
      { sensor: { id: old.id, name: "db-07" }, replacedBy: "The posture-manager" },
    ]);
    expect(await fleet.events("sensor.replaced")).toMatchObject([
      {
        entityId: old.id,
        details: { by: successor.id, agrees: ["product-uuid", "serial-number", "mac-address"] },
      },
    ]);

    // The host was off, not re-imaged. Neither sensor loses data.
    world.clock.ms += HOUR_MS;
    expect((await fleet.checkIn(old)).status).toBe(200);
    expect((await fleet.checkIn(successor)).status).toBe(200);
    expect(await fleet.see(old.id)).toMatchObject({ status: "online", asset: oldAsset, replacedBy: null });
    expect(await fleet.see(successor.id)).toMatchObject({ asset: newAsset, replaces: [], match: null });
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
      { entityId: old.id, actorType: "system", details: { from: successor.id, heardAgain: true } },
    ]);
  });

  test(`a replayed or forged request of the old sensor does not undo a merge; dismissing and undoing are final (${dialect})`, async () => {
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
    const successor = await fleet.enroll("db-07");
    const pair = { params: { id: successor.id }, body: { predecessorId: old.id } };
    await world.call(routes.mergeSensor, cookie, pair);
    expect((await world.fetch("/sensor/v1/check-in", replay)).status).toBe(401);
    const forged = makeTestSensor();
    expect((await fleet.checkIn({ key: forged, id: old.id })).status).toBe(401);
    expect((await fleet.see(old.id)).status).toBe("replaced");
    await expect(world.call(routes.mergeSensor, cookie, pair)).rejects.toThrow("state-conflict");

    await world.call(routes.undoMerge, cookie, { params: { id: old.id } });
    expect((await fleet.see(successor.id)).match).toBeNull();
    await expect(world.call(routes.undoMerge, cookie, { params: { id: old.id } })).rejects.toThrow(
      "state-conflict",
    );

    const third = await fleet.enroll("db-07");
    // The second sensor is alive and reports the same hardware, so the hardware identifies neither.
    expect((await fleet.see(third.id)).match).toBeNull();
    world.clock.ms += HOUR_MS;
    const fourth = await fleet.enroll("db-07");
    expect((await fleet.see(fourth.id)).match?.sensor.id).toBe(third.id);
    await world.call(routes.dismissMatch, cookie, {
      params: { id: fourth.id },
      body: { predecessorId: third.id },
    });
    expect((await fleet.see(fourth.id)).match?.sensor.id).toBe(successor.id);
    expect(await fleet.events("sensor.match-dismissed")).toHaveLength(1);
  });

  test(`a host that is re-imaged twice has one row and one asset, and shows both earlier sensors (${dialect})`, async () => {
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

    // The first sensor reports again: it gets its asset back, and the merged ones get the second's asset.
    await fleet.checkIn(first);
    expect((await fleet.see(first.id)).asset.id).toBe(assetsBefore[0]!);
    expect((await fleet.see(third.id)).asset.id).toBe(assetsBefore[1]!);
    await fleet.checkIn(second);
    expect((await fleet.see(second.id)).asset.id).toBe(assetsBefore[1]!);
    expect((await fleet.see(third.id)).asset.id).toBe(assetsBefore[2]!);
    expect((await fleet.assets()).length).toBe(3);
  });

  test(`the token's rule merges certain matches that report; deleting a sensor also deletes its earlier ones (${dialect})`, async () => {
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
    const successor = await fleet.enroll("db-07");
    const doubtful = await fleet.enroll("web-01", {
      productUuid: "other-uuid",
      serialNumber: "other",
      macs: ["d0:94:66:00:00:02"],
    });
    expect(await sweep()).toBe(0);
    await fleet.checkIn(successor);
    await fleet.checkIn(doubtful);
    expect(await sweep()).toBe(1);
    expect(await sweep()).toBe(0);
    expect(await fleet.see(old.id)).toMatchObject({ status: "replaced", replacedBy: { id: successor.id } });
    expect((await fleet.see(successor.id)).replaces).toMatchObject([{ replacedBy: null }]);
    expect((await fleet.see(doubtful.id)).match).toMatchObject({
      sensor: { id: exchanged.id },
      isCertain: false,
    });
    await world.call(routes.deleteSensor, cookie, { params: { id: successor.id } });
    expect(await fleet.list({ status: "replaced" })).toEqual([]);
    expect((await fleet.checkIn(old)).body).toMatchObject({ code: "sensor-unknown" });
  });
}
