// Matches of a re-imaged host: the silent sensor that its new sensor shows, and when.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import { HARDWARE, HOUR_MS, openFleet } from "../../testing/test-fleet.ts";
import { TESTED_DIALECTS } from "../../testing/test-world.ts";
import { mergeByRule } from "./merges.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a new sensor shows a silent sensor with the same hardware as a match, with the facts (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const old = await fleet.enroll("db-07", { ...HARDWARE, machineId: "a".repeat(32) });
    await fleet.checkIn(old);
    const { lastSeenAt } = await fleet.see(old.id);
    fleet.world.clock.ms += 60_000;
    const successor = await fleet.enroll("localhost", { ...HARDWARE, machineId: "b".repeat(32) });
    // The old sensor reported a minute ago, so it may still be alive.
    expect((await fleet.see(successor.id)).match).toBeNull();
    fleet.world.clock.ms += HOUR_MS;
    const { match, can } = await fleet.see(successor.id);
    expect(match).toMatchObject({ sensor: { id: old.id, name: "db-07" }, lastSeenAt, isCertain: true });
    const { facts, ...numbers } = match!;
    expect(facts.filter(({ evidence }) => evidence === "for").map(({ kind }) => kind)).toEqual([
      "product-uuid",
      "serial-number",
      "mac-address",
    ]);
    expect(facts.find(({ kind }) => kind === "hostname")).toEqual({
      kind: "hostname",
      before: "db-07",
      now: "localhost",
      agrees: false,
      evidence: "not-hardware",
    });
    const [listed] = (await fleet.world.call(routes.listSensors, fleet.cookie, { query: { match: "any" } }))
      .items;
    // The row has the numbers of the facts, not the facts.
    expect([numbers.agreeing, numbers.differing]).toEqual([3, 0]);
    expect(listed!.match).toEqual(numbers);
    expect(can).toMatchObject({ merge: { allowed: true }, dismissMatch: { allowed: true } });
    expect(await fleet.list({ match: "any" })).toEqual([successor.id]);
    expect((await fleet.see(old.id)).match).toBeNull();
  });

  test(`a sensor of a token with the rule "keep" has no match (${dialect})`, async () => {
    await using fleet = await openFleet(dialect, { reimagedHosts: "keep" });
    await fleet.enroll("db-07");
    fleet.world.clock.ms += HOUR_MS;
    const successor = await fleet.enroll("db-07");
    expect((await fleet.see(successor.id)).match).toBeNull();
    expect(await fleet.list({ match: "any" })).toEqual([]);
  });

  test(`a sensor that reports after the new one enrolled never matches it (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const old = await fleet.enroll("db-07");
    await fleet.checkIn(old);
    fleet.world.clock.ms += 60_000;
    const successor = await fleet.enroll("db-07");
    await fleet.checkIn(old);
    fleet.world.clock.ms += HOUR_MS;
    expect((await fleet.see(successor.id)).match).toBeNull();
    const merging = fleet.world.call(routes.mergeSensor, fleet.cookie, {
      params: { id: successor.id },
      body: { predecessorId: old.id },
    });
    await expect(merging).rejects.toThrow("state-conflict");
  });

  test(`a hostname, one hardware fact, or hardware that a live sensor also reports is not enough for a match (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    await fleet.enroll("db-07", { ...HARDWARE, machineId: "a".repeat(32) });
    const board = await fleet.enroll("board", { productUuid: "board-1", serialNumber: "BD4711" });
    fleet.world.clock.ms += HOUR_MS;
    const living = await fleet.enroll("board-2", { productUuid: "board-1", serialNumber: "BD4711" });
    const others = [
      await fleet.enroll("db-07", { machineId: "a".repeat(32) }),
      await fleet.enroll("db-07", { productUuid: HARDWARE.productUuid }),
      await fleet.enroll("board-3", { productUuid: "board-1", serialNumber: "BD4711" }),
    ];
    expect((await fleet.see(living.id)).match?.sensor.id).toBe(board.id);
    for (const { id } of others) expect((await fleet.see(id)).match).toBeNull();
  });

  test(`a sensor never matches a sensor of another asset group (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const old = await fleet.enroll("db-07");
    const group = await world.call(createAssetGroup, cookie, { body: { name: "Elsewhere" } });
    const scope = { type: "asset-group", assetGroupId: group.id } as const;
    const { value } = await world.call(tokens.createEnrollmentToken, cookie, {
      body: { name: "Other", scope, expiresAt: null, reimagedHosts: "merge" },
    });
    world.clock.ms += HOUR_MS;
    const successor = await fleet.enroll("db-07", HARDWARE, value);
    await fleet.checkIn(successor);
    expect((await fleet.see(successor.id)).match).toBeNull();
    expect(await mergeByRule(world.db, world.clock.ms, 60)).toBe(0);
    expect((await fleet.see(old.id)).status).not.toBe("replaced");
  });
}
