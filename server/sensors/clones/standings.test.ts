// The routes that each standing of a sensor closes: the declarations list them, the server enforces them.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import { type Route, routePath, type SensorStanding } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { blockSensor } from "@attacklens/protocol/sensors.ts";
import { makeTestSensor } from "../../testing/test-sensor.ts";
import { drawDialects, openWorld, type World } from "../../testing/test-world.ts";

const CODES = {
  unsettled: "state-conflict",
  "awaiting-approval": "sensor-awaiting-approval",
  blocked: "sensor-blocked",
} as const satisfies Partial<Record<SensorStanding, string>>;
const INSTANCES = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"] as const;

/** A sensor in the standing, and a function that sends it an empty request to a route. */
async function sensorIn(world: World, cookie: string, standing: keyof typeof CODES, name: string) {
  const requireApproval = standing === "awaiting-approval";
  const body = { name, scope: { type: "all-assets" }, expiresAt: null, requireApproval } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const init = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(name), world.clock.ms, {
    token: value,
  });
  const reply = await world.fetch("/sensor/v1/enroll", init);
  const { sensorId } = (await reply.json()) as { sensorId: string };
  const send = async (route: Route, instance: string, content: unknown = {}) => {
    const path = routePath(route, { category: "packages" });
    const options = { keyid: sensorId, instanceId: instance };
    return await world.fetch(path, sensor.request(route.method, path, content, world.clock.ms, options));
  };
  if (standing === "unsettled" || standing === "blocked") {
    const checkIn = ROUTES.find(({ name }) => name === "sensor.checkIn")!;
    const facts = { protocolVersion: 1, sensorVersion: "2026.11.0", host: sensor.enrollBody(name).host };
    expect((await send(checkIn, INSTANCES[0], facts)).status).toBe(200);
  }
  if (standing === "blocked") await world.call(blockSensor, cookie, { params: { id: sensorId } });
  return { send, instance: standing === "unsettled" ? INSTANCES[1] : INSTANCES[0] };
}

for (const dialect of drawDialects()) {
  test(`a route serves a sensor's standing only if it declares that standing (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const wrong: string[] = [];
    for (const standing of Object.keys(CODES) as (keyof typeof CODES)[]) {
      for (const route of ROUTES.filter(({ access }) => access === "sensor")) {
        const { send, instance } = await sensorIn(
          world,
          cookie,
          standing,
          `${standing} ${route.name}`.slice(0, 60),
        );
        const reply = await send(route, instance);
        const code = reply.status >= 400 ? ((await reply.json()) as ProblemBody).code : "none";
        // A new instance of a sensor that awaits approval has both standings.
        const refused =
          code === CODES[standing] || (standing === "awaiting-approval" && code === "state-conflict");
        const accepts = route.accepts?.includes(standing) ?? false;
        const isOpen = standing !== "awaiting-approval" || (route.accepts?.includes("unsettled") ?? false);
        if (refused === (accepts && isOpen)) wrong.push(`${standing} ${route.name}: ${reply.status} ${code}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test(`a sensor can unenroll while it awaits approval, is unsettled, or is blocked (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const unenroll = ROUTES.find(({ name }) => name === "sensor.unenroll")!;
    for (const standing of Object.keys(CODES) as (keyof typeof CODES)[]) {
      const { send, instance } = await sensorIn(world, cookie, standing, standing);
      expect(`${standing} ${(await send(unenroll, instance)).status}`).toBe(`${standing} 204`);
      expect(((await (await send(unenroll, instance)).json()) as ProblemBody).code).toBe("sensor-unknown");
    }
  });
}
