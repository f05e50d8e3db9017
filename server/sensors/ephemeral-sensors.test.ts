import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { removeEndedSensors } from "./ephemeral-sensors.ts";
import { deleteLongRemoved } from "./ephemeral-sensors-store.ts";

const HOUR_MS = 3_600_000;

async function makeToken(world: World, cookie: string, ephemeralHours: number | null) {
  const body = {
    name: `After ${ephemeralHours} h`,
    scope: { type: "all-assets" },
    expiresAt: null,
    ephemeralHours,
  } as const;
  return await world.call(tokens.createEnrollmentToken, cookie, { body });
}

async function enrolled(world: World, token: string, hostname: string) {
  const sensor = makeTestSensor();
  const post = async (path: string, body: unknown, options: { token?: string; keyid?: string }) => {
    const response = await world.fetch(path, sensor.request("POST", path, body, world.clock.ms, options));
    return (await response.json()) as { sensorId?: string; code?: string };
  };
  const { sensorId } = await post("/sensor/v1/enroll", sensor.enrollBody(hostname), { token });
  const versions = { protocolVersion: 1, sensorVersion: "2026.11.0" };
  return {
    id: sensorId!,
    checkIn: () => post("/sensor/v1/check-in", versions, { keyid: sensorId! }),
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`an ephemeral sensor is removed exactly when its offline hours have passed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const short = await makeToken(world, cookie, 2);
    const lasting = await makeToken(world, cookie, null);
    const gone = await enrolled(world, short.value, "gone");
    const seen = await enrolled(world, short.value, "seen");
    await enrolled(world, lasting.value, "lasting");
    const hostnames = async () =>
      (await world.call(listSensors, cookie)).items.map(({ hostname }) => hostname).toSorted();

    world.clock.ms += HOUR_MS;
    const { code } = await seen.checkIn();
    expect(code).toBeUndefined();
    world.clock.ms += HOUR_MS - 1;
    expect(await removeEndedSensors(world.db, world.clock.ms)).toBe(0);
    world.clock.ms += 1;
    // Every server sweeps, but each sensor is removed once.
    const swept = await Promise.all([1, 2].map(() => removeEndedSensors(world.db, world.clock.ms)));
    expect(swept[0]! + swept[1]!).toBe(1);
    expect(await hostnames()).toEqual(["lasting", "seen"]);
    expect((await gone.checkIn()).code).toBe("sensor-unknown");

    const events = await world.db
      .selectFrom("auditEvent")
      .select(["actorType", "actorName", "entityId", "entityName", "details"])
      .where("action", "=", "sensor.removed")
      .execute();
    expect(events.map(({ details, ...event }) => ({ ...event, ...JSON.parse(details) }))).toEqual([
      {
        actorType: "system",
        actorName: "AttackLens",
        entityId: gone.id,
        entityName: "gone",
        ephemeralHours: 2,
        lastSeenAt: "2026-11-24T09:00:00.000Z",
      },
    ]);
    // A removed sensor still counts as a use: otherwise a limited token would admit any number of short-lived
    // machines.
    const params = { id: short.enrollmentToken.id };
    expect((await world.call(tokens.getEnrollmentToken, cookie, { params })).enrolledSensors).toBe(2);

    world.clock.ms += 100 * HOUR_MS;
    expect(await removeEndedSensors(world.db, world.clock.ms)).toBe(1);
    expect(await hostnames()).toEqual(["lasting"]);

    // Each call deletes at most one here, until all are deleted.
    world.clock.ms += 31 * 24 * HOUR_MS;
    const [at, ago] = [world.clock.ms, world.clock.ms - 30 * 24 * HOUR_MS];
    const deleted = [];
    for (let round = 0; round < 3; round++) deleted.push(await deleteLongRemoved(world.db, ago, at, 1));
    expect(deleted).toEqual([1, 1, 0]);
  });
}
