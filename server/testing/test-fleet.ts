// A world with one token, in which hosts with chosen hardware enroll.

import { expect } from "bun:test";
import { listAssets } from "@attacklens/protocol/assets.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import type { ReimagedHostsRule } from "@attacklens/protocol/token-settings.ts";
import type { Dialect } from "../db/dialect.ts";
import { makeTestSensor, type TestSensor } from "./test-sensor.ts";
import { openWorld, type World } from "./test-world.ts";

export const HOUR_MS = 3_600_000;
export const HARDWARE = {
  productUuid: "4c4c4544-0042-3510-8052-b4c04f333432",
  serialNumber: "B5R3342",
  macs: ["d0:94:66:12:34:56"],
};
const ALL_FAILED = Object.fromEntries(
  CATEGORIES.map((category) => [category, { status: "failed", reason: "none" }]),
);

export async function openFleet(
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
    /** The value of the token. */
    value,
    enroll,
    /** Checks in with a report of all categories. */
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
