// Two servers of one database remember a sensor. After a change on one of them, the first request to the
// other is decided by the present state.
import { expect, test } from "bun:test";
import { checkIn as checkInRoute } from "@attacklens/protocol/check-in.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { makeTestSensor, type TestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../../testing/test-world.ts";
import { openRememberedSensors } from "./remembered-sensors.ts";

const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };
let nonce = 0;

async function setUp(dialect: (typeof TESTED_DIALECTS)[number], requireApproval = false) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const body = { name: "Any", scope: { type: "all-assets" }, expiresAt: null, requireApproval } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const otherFetch = await world.secondFetch();
  const send = async (
    fetch: typeof world.fetch,
    path: string,
    body: unknown,
    options: { by?: TestSensor; nonce?: number; token?: string; keyid?: string } = {},
  ) => {
    const { by = sensor, ...signing } = options;
    const init = by.request("POST", path, body, world.clock.ms, { nonce: ++nonce, ...signing });
    const response = await fetch(path, init);
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
  };
  const enrolled = await send(world.fetch, "/sensor/v1/enroll", sensor.enrollBody(), { token: value });
  const id = enrolled.body.sensorId as string;
  /** The status of a success, or the code of a problem. */
  const checkIn = async (fetch: typeof world.fetch, options = {}) => {
    const { status, body } = await send(fetch, "/sensor/v1/check-in", VERSIONS, { keyid: id, ...options });
    return status === 200 ? 200 : (body.code as string);
  };
  /** Both servers remember the sensor as it is now. */
  const warm = async (options = {}) => {
    for (let round = 0; round < 2; round++)
      for (const fetch of [world.fetch, otherFetch]) await checkIn(fetch, options);
  };
  await warm();
  return { world, cookie, id, sensor, otherFetch, send, checkIn, warm, params: { id } };
}

test("the schema of a check-in accepts a report without a host as it is", () => {
  const inventory = {
    packages: { status: "collected", root: "a".repeat(64), durationMs: 12 },
    users: { status: "too-slow", reason: "30 s", durationMs: 30_000 },
    containers: { status: "absent", reason: "none" },
    jobs: { status: "switched-off" },
  };
  const update = { method: "self", target: "linux-x64" };
  const collectedAt = "2026-11-24T09:30:00.000Z";
  const body = { ...VERSIONS, trustedPins: [`sha256:${"b".repeat(64)}`], update, collectedAt, inventory };
  expect(checkInRoute.body.parse(body)).toEqual(body as never);
});

for (const dialect of TESTED_DIALECTS) {
  test(`a block, an unblock and a deletion apply to the first request on another server (${dialect})`, async () => {
    const { world, cookie, otherFetch, checkIn, warm, params } = await setUp(dialect);
    await using _ = world;
    expect(await checkIn(otherFetch)).toBe(200);
    await world.call(sensors.blockSensor, cookie, { params });
    expect(await checkIn(otherFetch)).toBe("sensor-blocked");
    await warm();
    await world.call(sensors.unblockSensor, cookie, { params });
    expect(await checkIn(otherFetch)).toBe(200);
    await warm();
    await world.call(sensors.deleteSensor, cookie, { params });
    expect(await checkIn(otherFetch)).toBe("sensor-unknown");
  });

  test(`an approval, its withdrawal and an unenrollment apply to the first request on another server (${dialect})`, async () => {
    const { world, cookie, id, otherFetch, send, checkIn, warm, params } = await setUp(dialect, true);
    await using _ = world;
    expect(await checkIn(otherFetch)).toBe("sensor-awaiting-approval");
    const { fingerprint } = await world.call(sensors.getSensor, cookie, { params });
    await world.call(sensors.approveSensor, cookie, { params, body: { fingerprint } });
    expect(await checkIn(otherFetch)).toBe(200);
    await warm();
    await world.call(sensors.withdrawApproval, cookie, { params });
    expect(await checkIn(otherFetch)).toBe("sensor-awaiting-approval");
    await world.call(sensors.approveSensor, cookie, { params, body: { fingerprint } });
    await warm();
    expect((await send(world.fetch, "/sensor/v1/unenroll", {}, { keyid: id })).status).toBe(204);
    expect(await checkIn(otherFetch)).toBe("sensor-unknown");
  });

  test(`a rotated and a replaced key apply to the first request on another server (${dialect})`, async () => {
    const { world, cookie, id, sensor, otherFetch, send, checkIn, warm, params } = await setUp(dialect);
    await using _ = world;
    const next = makeTestSensor();
    const announcement = { publicKey: next.publicKey, proof: next.proof(id) };
    await send(world.fetch, "/sensor/v1/keys", announcement, { keyid: id });
    expect(await checkIn(otherFetch)).toBe(200);
    expect(await checkIn(otherFetch, { by: next })).toBe(200);
    expect(await checkIn(world.fetch, { by: next })).toBe(200);
    expect(await checkIn(world.fetch, { by: sensor })).toBe("sensor-cloned");

    await warm({ by: next });
    const { value } = await world.call(sensors.createTicket, cookie, { params });
    const last = makeTestSensor();
    const reply = await send(world.fetch, "/sensor/v1/re-enroll", last.enrollBody(), {
      ...{ by: last, token: value },
    });
    expect(reply.status).toBe(201);
    expect(await checkIn(otherFetch, { by: next })).toBe("key-replaced");
    expect(await checkIn(otherFetch, { by: last })).toBe(200);
  });

  test(`a nonce that one server accepted is refused by the other (${dialect})`, async () => {
    const { world, otherFetch, checkIn } = await setUp(dialect);
    await using _ = world;
    nonce += 10;
    const spent = nonce;
    expect(await checkIn(world.fetch, { nonce: spent })).toBe(200);
    expect(await checkIn(otherFetch, { nonce: spent })).toBe("signature-replayed");
    expect(await checkIn(otherFetch, { nonce: spent - 1 })).toBe("signature-replayed");
    const both = [world.fetch, otherFetch].map((fetch) => checkIn(fetch, { nonce: spent + 1 }));
    expect((await Promise.all(both)).toSorted()).toEqual([200, "signature-replayed"]);
  });

  test(`a report with nothing new is stored again after any change of the inventory (${dialect})`, async () => {
    const { world, id, otherFetch, send } = await setUp(dialect);
    await using _ = world;
    const report = async (fetch: typeof world.fetch, reason: string) => {
      const body = { ...VERSIONS, inventory: { packages: { status: "failed", reason } } };
      const reply = await send(fetch, "/sensor/v1/check-in", body, { keyid: id });
      expect([reply.status, reply.body.wanted]).toEqual([200, []]);
    };
    const stored = async () =>
      (
        await world.db.selectFrom("sensorInventory").select("reason").where("sensorId", "=", id).execute()
      ).map(({ reason }) => reason);
    const settle = async (fetch: typeof world.fetch, reason: string) => {
      for (let repeated = 0; repeated < 3; repeated++) await report(fetch, reason);
    };
    await settle(world.fetch, "first");
    expect(world.services.rememberedSensors.recall(id)?.report).toStartWith("sensor.checkIn ");
    await settle(otherFetch, "second");
    expect(await stored()).toEqual(["second"]);
    await settle(world.fetch, "first");
    expect(await stored()).toEqual(["first"]);
    await world.db.deleteFrom("inventoryState").where("sensorId", "=", id).execute();
    await report(world.fetch, "first");
    expect(await stored()).toEqual(["first"]);
    await world.db
      .updateTable("inventoryState")
      .set({ states: JSON.stringify({ packages: ["failed", "third", null, null, null, null] }) })
      .where("sensorId", "=", id)
      .execute();
    await report(world.fetch, "first");
    expect(await stored()).toEqual(["first"]);
  });

  test(`every change of a sensor's row increases its revision, which no statement sets (${dialect})`, async () => {
    const { world, id } = await setUp(dialect);
    await using _ = world;
    const remembered = openRememberedSensors(world.db, 1);
    const first = (await remembered.read(id))!;
    const change = (columns: { blockedAt: number | null }) =>
      world.db.updateTable("sensor").set(columns).where("id", "=", id).execute();
    await change({ blockedAt: 1 });
    await change({ blockedAt: null });
    expect(remembered.recall(id)).toEqual(first);
    expect(await remembered.read(id)).toEqual({ ...first, revision: first.revision + 2 });
    expect(await remembered.read("sen_none")).toBeUndefined();
    expect(remembered.recall(id)).toBeDefined();
    await world.db.updateTable("sensor").set({ deletedAt: 1 }).where("id", "=", id).execute();
    expect(await remembered.read(id)).toBeUndefined();
    expect(remembered.recall(id)).toBeUndefined();
  });
}
