// The path of sensors' routes gives what the app gives for all others: ids, headers, metrics and log lines.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld } from "../testing/test-world.ts";
import { createApp } from "./app.ts";
import { openMetrics } from "./metrics.ts";
import { securityHeaders } from "./security-headers.ts";

const CHECK_IN = "/sensor/v1/check-in";
const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };

async function setUp() {
  const world = await openWorld("sqlite");
  const lines: { level: string; route?: string; status?: number }[] = [];
  const write =
    (level: string) =>
    (line: object, text: string): void =>
      void (text === "request" && lines.push({ level, ...line }));
  let isDebug = false;
  const log = Object.assign(Object.create(world.services.log), {
    ...{ info: write("info"), debug: write("debug"), isLevelEnabled: () => isDebug },
  });
  const metrics = openMetrics({ droppedLogLines: () => 0, measuresProcess: false });
  const options = { metricsToken: undefined, secure: true, consoleFile: () => undefined };
  const app = createApp({ ...options, services: { ...world.services, log }, metrics });
  const send = async (
    path: string,
    init: RequestInit,
    port: "shared" | "sensors" | "users" = "shared",
  ): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (typeof init.body === "string") headers.set("content-length", String(init.body.length));
    const request = new Request(`https://test${path}`, { ...init, headers });
    return await app.fetch(request, { address: "10.0.0.1", port });
  };
  const cookie = await world.signedIn("posture-manager");
  const body = { name: "Any", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const enrolling = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, {
    token: value,
  });
  const enrolled = await send("/sensor/v1/enroll", enrolling);
  const { sensorId } = (await enrolled.json()) as { sensorId: string };
  const checkIn = (path = CHECK_IN) =>
    sensor.request("POST", path, VERSIONS, world.clock.ms, { keyid: sensorId });
  const setDebug = () => {
    isDebug = true;
  };
  return { world, lines, metrics, send, enrolled, checkIn, setDebug };
}

test("each reply to a sensor has the id and the headers of every reply, and a refusal is signed", async () => {
  const { world, send, enrolled, checkIn } = await setUp();
  await using _ = world;
  const accepted = await send(CHECK_IN, checkIn());
  const repeated = checkIn();
  await send(CHECK_IN, repeated);
  const replayed = await send(CHECK_IN, repeated);
  const missing = await send("/sensor/v1/nothing", checkIn());
  const method = await send(CHECK_IN, { ...checkIn(), method: "PUT" });
  const replies = [enrolled, accepted, replayed, missing, method];
  expect(replies.map(({ status }) => status)).toEqual([201, 200, 401, 404, 405]);
  for (const { headers } of replies) expect(Object.fromEntries(headers)).toMatchObject(securityHeaders(true));
  expect(new Set(replies.map(({ headers }) => headers.get("x-request-id"))).size).toBe(replies.length);
  expect(replies.map(({ headers }) => headers.has("signature"))).toEqual([false, false, true, true, true]);
  expect(method.headers.get("allow")).toBe("POST");
});

test("every route of sensors is served on their port, and none on the port of users", async () => {
  const { world, send } = await setUp();
  await using _ = world;
  const category = { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" };
  for (const { method, path } of ROUTES.filter((route) => route.path.startsWith("/sensor/"))) {
    const at = path.replace("{category}", "packages");
    const init = method === "GET" ? { method } : { ...category, method };
    const statuses = [];
    for (const port of ["shared", "sensors", "users"] as const)
      statuses.push((await send(at, init, port)).status);
    const [shared, sensors, users] = statuses;
    expect([path, users, sensors === shared, shared === 404]).toEqual([path, 404, true, false]);
  }
});

test("a query, an unknown category and a HEAD request are treated like on other routes", async () => {
  const { world, send, checkIn } = await setUp();
  await using _ = world;
  const problemOf = async (reply: Response) => [
    reply.status,
    ((await reply.json()) as { code: string }).code,
  ];
  expect(await problemOf(await send(`${CHECK_IN}?q=1`, checkIn()))).toEqual([422, "input-invalid"]);
  for (const category of ["unknown", "%ff", "a%2Fb"]) {
    const path = `/sensor/v1/inventory/${category}`;
    const reply = await send(path, { ...checkIn(path), method: "PUT" });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
  }
  const head = await send("/sensor/v1/roots", { method: "HEAD" });
  const get = await send("/sensor/v1/roots", { method: "GET" });
  expect([head.status, await head.text()]).toEqual([get.status, ""]);
});

test("sensors' requests are counted by route, and logged only if they are refused or the level is debug", async () => {
  const { world, lines, metrics, send, checkIn, setDebug } = await setUp();
  await using _ = world;
  await send(CHECK_IN, checkIn());
  expect(lines).toEqual([]);
  const signed = checkIn();
  await send(CHECK_IN, { ...signed, body: "{}" });
  expect(lines).toMatchObject([{ level: "info", route: CHECK_IN, status: 401 }]);
  setDebug();
  await send(CHECK_IN, checkIn());
  expect(lines.slice(1)).toMatchObject([{ level: "debug", route: CHECK_IN, status: 200 }]);
  const text = await metrics.registry.metrics();
  const counted = (status: number) =>
    `attacklens_http_requests_total{method="POST",route="${CHECK_IN}",status="${status}"}`;
  expect(text).toContain(`${counted(200)} 2\n`);
  expect(text).toContain(`${counted(401)} 1\n`);
  expect(text).toContain("attacklens_http_requests_in_flight 0\n");
});
