// A new sensor can claim no more than a match with an earlier one. An operator or the rules of both tokens
// decide about the match, and only while the earlier sensor is approved and enrolled.
import { expect, test } from "bun:test";
import { getAsset } from "@attacklens/protocol/assets.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import { drawSome } from "../../../harness/long-tests.ts";
import type { Dialect } from "../../db/dialect.ts";
import { makeTestSensor, type TestSensor } from "../../testing/test-sensor.ts";
import { drawDialects, openWorld } from "../../testing/test-world.ts";
import { mergeByRule } from "./merges.ts";

const HOUR_MS = 3_600_000;
const HARDWARE = {
  machineId: "a".repeat(32),
  productUuid: "4c4c4544-0042-3510-8052-b4c04f333432",
  serialNumber: "B5R3342",
  cloudInstanceId: "i-0123456789abcdef0",
  macs: ["d0:94:66:12:34:56"],
};
const ALL_FAILED = Object.fromEntries(
  CATEGORIES.map((category) => [category, { status: "failed", reason: "none" }]),
);
interface Enrolled {
  key: TestSensor;
  id: string;
}

async function openFleet(dialect: Dialect) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  let named = 0;
  const send = async ({ key, id }: Enrolled, path: string, body: unknown) => {
    world.clock.ms += 1;
    const options = { keyid: id, nonce: world.clock.ms * 1000 };
    return await world.fetch(path, key.request("POST", path, body, world.clock.ms, options));
  };
  return {
    world,
    cookie,
    token: async (settings: object = {}) => {
      const name = `Token ${++named}`;
      const body = { name, scope: { type: "all-assets" as const }, expiresAt: null, ...settings };
      return (await world.call(tokens.createEnrollmentToken, cookie, { body })).value;
    },
    enroll: async (token: string, facts: object = HARDWARE): Promise<Enrolled> => {
      const key = makeTestSensor();
      const body = key.enrollBody("db-07", facts as Record<string, unknown>);
      const options = { token, nonce: world.clock.ms * 1000 };
      const init = key.request("POST", "/sensor/v1/enroll", body, world.clock.ms, options);
      const response = await world.fetch("/sensor/v1/enroll", init);
      expect(response.status).toBe(201);
      return { key, id: ((await response.json()) as { sensorId: string }).sensorId };
    },
    report: (sensor: Enrolled) =>
      send(sensor, "/sensor/v1/check-in", { protocolVersion: 1, sensorVersion: "1", inventory: ALL_FAILED }),
    unenroll: (sensor: Enrolled) => send(sensor, "/sensor/v1/unenroll", {}),
    see: (id: string) => world.call(routes.getSensor, cookie, { params: { id } }),
    approve: async (id: string) => {
      const { fingerprint } = await world.call(routes.getSensor, cookie, { params: { id } });
      await world.call(routes.approveSensor, cookie, { params: { id }, body: { fingerprint } });
    },
    withdraw: (id: string) => world.call(routes.withdrawApproval, cookie, { params: { id } }),
    identifiers: async (id: string) => {
      const { asset } = await world.call(routes.getSensor, cookie, { params: { id } });
      return (await world.call(getAsset, cookie, { params: { id: asset.id } })).identifiers.length;
    },
    sweep: () => mergeByRule(world.db, world.clock.ms, 60),
    matches: async () => (await world.db.selectFrom("sensorMatch").selectAll().execute()).length,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

for (const dialect of drawDialects()) {
  test(`a match ends when the earlier sensor reports beside the later one (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const token = await fleet.token();
    const earlier = await fleet.enroll(token);
    fleet.world.clock.ms += HOUR_MS;
    const later = await fleet.enroll(token);
    const decisions = async () =>
      (await fleet.world.db.selectFrom("sensorMatch").select("decision").execute()).map(
        ({ decision }) => decision,
      );
    await fleet.sweep();
    expect(await decisions()).toEqual([null]);
    expect((await fleet.see(later.id)).match?.sensor.id).toBe(earlier.id);
    await fleet.report(earlier);
    await fleet.sweep();
    expect(await decisions()).toEqual(["dismissed"]);
  });

  test(`a new sensor always gets a new asset, for any host facts and any state of the earlier sensor (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const token = await fleet.token({ reimagedHosts: "merge" });
    const ends: ((sensor: Enrolled) => Promise<unknown>)[] = [
      async () => {},
      fleet.unenroll,
      ({ id }) => world.call(routes.deleteSensor, cookie, { params: { id } }),
      ({ id }) => world.call(routes.blockSensor, cookie, { params: { id } }),
    ];
    const claims = [
      HARDWARE,
      ...Object.entries(HARDWARE).map(([fact, value]) => ({ [fact]: value })),
      { machineId: "A".repeat(32).toUpperCase(), addresses: ["10.0.0.1"] },
    ];
    for (const end of ends) {
      const earlier = await fleet.enroll(token);
      const { asset } = await fleet.see(earlier.id);
      await end(earlier);
      world.clock.ms += HOUR_MS;
      for (const facts of drawSome(claims, 3)) {
        const later = await fleet.enroll(token, facts);
        expect((await fleet.see(later.id)).asset.id).not.toBe(asset.id);
        await world.call(routes.deleteSensor, cookie, { params: { id: later.id } });
      }
    }
  }, 120_000);

  test(`an unenrolled sensor is a match but is never merged by rule; a deleted one matches no sensor (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const token = await fleet.token({ reimagedHosts: "merge" });
    const gone = await fleet.enroll(token);
    await fleet.unenroll(gone);
    const later = await fleet.enroll(token);
    await fleet.report(later);
    // Shown at once, because an unenrolled sensor cannot report again.
    expect((await fleet.see(later.id)).match?.sensor.id).toBe(gone.id);
    world.clock.ms += HOUR_MS;
    expect(await fleet.sweep()).toBe(0);
    const { asset } = await fleet.see(gone.id);
    await world.call(routes.mergeSensor, cookie, {
      params: { id: later.id },
      body: { predecessorId: gone.id },
    });
    expect((await fleet.see(later.id)).asset.id).toBe(asset.id);
    for (const id of [gone.id, later.id]) await world.call(routes.deleteSensor, cookie, { params: { id } });
    const next = await fleet.enroll(token);
    await fleet.report(next);
    world.clock.ms += HOUR_MS;
    expect((await fleet.see(next.id)).match).toBeNull();
  });

  test(`a sensor that awaits approval has no match and hides no other match; each approval compares it (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const open = await fleet.token({ reimagedHosts: "merge" });
    const strict = await fleet.token({ reimagedHosts: "merge", requireApproval: true });
    const old = await fleet.enroll(open);
    await fleet.report(old);
    fleet.world.clock.ms += HOUR_MS;
    const waiting = [];
    for (let index = 0; index < 25; index++) waiting.push(await fleet.enroll(strict));
    for (const { id } of waiting.slice(0, 2)) {
      expect((await fleet.see(id)).match).toBeNull();
      expect(await fleet.identifiers(id)).toBe(0);
    }
    await fleet.report(waiting[0]!);
    expect(await fleet.sweep()).toBe(0);
    // Their claims do not make the old sensor's facts shared.
    const genuine = await fleet.enroll(open);
    expect((await fleet.see(genuine.id)).match?.sensor.id).toBe(old.id);
    await fleet.world.call(routes.deleteSensor, fleet.cookie, { params: { id: genuine.id } });
    const { id } = waiting[1]!;
    for (let round = 0; round < 2; round++) {
      await fleet.approve(id);
      expect(await fleet.identifiers(id)).toBeGreaterThan(4);
      expect((await fleet.see(id)).match?.sensor.id).toBe(old.id);
      if (round === 1) break;
      await fleet.withdraw(id);
      expect(await fleet.identifiers(id)).toBe(0);
      expect(await fleet.see(id)).toMatchObject({
        status: "awaiting-approval",
        match: null,
        approvedBy: null,
      });
    }
    const body = { predecessorId: old.id };
    await fleet.world.call(routes.mergeSensor, fleet.cookie, { params: { id }, body });
    await expect(fleet.withdraw(id)).rejects.toThrow("Undo the merge first");
    const actions = await fleet.world.db
      .selectFrom("auditEvent")
      .select("action")
      .where("entityId", "=", id)
      .where("action", "like", "%approv%")
      .orderBy("sequence")
      .execute();
    expect(actions.map(({ action }) => action)).toEqual([
      "sensor.approved",
      "sensor.approval-withdrawn",
      "sensor.approved",
    ]);
  }, 120_000);

  test(`the stricter of the two tokens' rules applies: keep, then ask, then merge (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const rules = ["keep", "ask", "merge"] as const;
    const values = new Map<string, string>();
    for (const rule of rules) values.set(rule, await fleet.token({ reimagedHosts: rule }));
    let machine = 0;
    for (const earlierRule of rules) {
      for (const laterRule of rules) {
        const facts = {
          ...HARDWARE,
          productUuid: `uuid-${++machine}`,
          serialNumber: `serial-${machine}`,
          cloudInstanceId: `i-${machine}00`,
          macs: [],
        };
        const earlier = await fleet.enroll(values.get(earlierRule)!, facts);
        await fleet.report(earlier);
        fleet.world.clock.ms += HOUR_MS;
        const later = await fleet.enroll(values.get(laterRule)!, facts);
        await fleet.report(later);
        const stricter = rules[Math.min(rules.indexOf(earlierRule), rules.indexOf(laterRule))];
        const { match } = await fleet.see(later.id);
        expect(match === null, `${earlierRule}, ${laterRule}`).toBe(stricter === "keep");
        expect(await fleet.sweep()).toBe(stricter === "merge" ? 1 : 0);
      }
    }
  }, 120_000);

  test(`repeated enrollments of one machine add few matches, and a new sensor has at most 20 (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world } = fleet;
    const token = await fleet.token();
    for (let round = 0; round < 60; round++) {
      world.clock.ms += HOUR_MS;
      await fleet.unenroll(await fleet.enroll(token));
    }
    // A value that more than 20 assets have identifies no host, so later enrollments add no matches.
    expect(await fleet.matches()).toBeLessThanOrEqual(200);
    // Silent hosts that each share two facts with the new one, and with few other hosts.
    const [uuid, serial, cloud, mac] = ["uuid-x", "serial-x", "i-0xx", "d0:94:66:99:99:99"];
    for (let index = 0; index < 15; index++) {
      await fleet.enroll(token, { productUuid: uuid, serialNumber: serial });
      await fleet.enroll(token, { cloudInstanceId: cloud, macs: [mac] });
    }
    world.clock.ms += HOUR_MS;
    const before = await fleet.matches();
    await fleet.enroll(token, {
      productUuid: uuid,
      serialNumber: serial,
      cloudInstanceId: cloud,
      macs: [mac],
    });
    expect((await fleet.matches()) - before).toBe(20);
  }, 120_000);
}
