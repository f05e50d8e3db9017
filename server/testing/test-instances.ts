// Instances of the sensor process for server tests. Several can run with one key, as on cloned hosts.
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import type { ClonedHostsRule } from "@attacklens/protocol/token-settings.ts";
import { makeTestSensor, type TestSensor } from "./test-sensor.ts";
import type { World } from "./test-world.ts";

export const FACTS = {
  machineId: "4c2b1d0e9f8a4b6c8d7e6f5a4b3c2d1e",
  productUuid: "u1",
  macs: ["52:54:00:00:00:01"],
};
export const CLONE_FACTS = { ...FACTS, productUuid: "u2", macs: ["52:54:00:00:00:02"] };
// biome-ignore lint/suspicious/noExplicitAny: replies of any route
type Answer = { status: number; body: any };

/** Shared by all hosts, as if their clocks agreed. */
let nonce = 0;
export const nextNonce = () => ++nonce;

/** An instance of the sensor process on a host. Other instances may have the same key. */
export function program(
  world: World,
  key: TestSensor,
  sensorId: string,
  address: string,
  facts: Record<string, unknown>,
) {
  const instanceId = crypto.randomUUID();
  const host = key.enrollBody("web-01", facts).host;
  const send = async (path: string, body: unknown, method = "POST", from = address): Promise<Answer> => {
    const init = key.request(method, path, body, world.clock.ms, {
      keyid: sensorId,
      instanceId,
      nonce: nextNonce(),
    });
    const response = await world.fetch(path, init, from);
    return { status: response.status, body: response.status === 204 ? null : await response.json() };
  };
  return {
    instanceId,
    send,
    checkIn: async (extra: object = {}) => {
      world.clock.ms += 1;
      return await send("/sensor/v1/check-in", {
        protocolVersion: 1,
        sensorVersion: "2026.11.0",
        host,
        ...extra,
      });
    },
    becomeClone: async (newKey: TestSensor, hostname = "web-01", from = address) => {
      world.clock.ms += 1;
      const body = { ...newKey.enrollBody(hostname, facts), proof: newKey.proof(sensorId) };
      return await send("/sensor/v1/clones", { ...body, protocolVersion: 1 }, "POST", from);
    },
  };
}

export async function enrolledSensor(
  world: World,
  cookie: string,
  clonedHosts: ClonedHostsRule,
  settings: Partial<RouteRequest<typeof tokens.createEnrollmentToken>["body"]> = {},
) {
  const { value, enrollmentToken } = await world.call(tokens.createEnrollmentToken, cookie, {
    body: {
      name: `Clones ${clonedHosts}`,
      scope: { type: "all-assets" },
      expiresAt: null,
      clonedHosts,
      tags: ["pci"],
      ...settings,
    },
  });
  const key = makeTestSensor();
  const init = key.request("POST", "/sensor/v1/enroll", key.enrollBody("web-01", FACTS), world.clock.ms, {
    token: value,
    nonce: nextNonce(),
  });
  const reply = (await (await world.fetch("/sensor/v1/enroll", init, "10.0.0.1")).json()) as {
    sensorId: string;
  };
  return { key, sensorId: reply.sensorId, token: enrollmentToken, value };
}
