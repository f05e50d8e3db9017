// The status of every route for an anonymous caller, a sensor and each role. A new route cannot be forgotten.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { ROLES } from "@attacklens/protocol/permissions.ts";
import { routePath } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld } from "../testing/test-world.ts";
import { ROUTE_HANDLERS } from "./app.ts";

const UUID = "01980000-0000-7000-8000-000000000000";

test("every declared route has one handler, and every handler has a declared route", () => {
  expect(ROUTE_HANDLERS.map(({ route }) => route.name).toSorted()).toEqual(
    ROUTES.map(({ name }) => name).toSorted(),
  );
});

test("each route replies to an anonymous caller, a sensor and each role as in the table", async () => {
  await using world = await openWorld("sqlite");
  const cookies = new Map<string, string>();
  for (const role of ROLES) cookies.set(role, await world.signedIn(role));
  const body = { name: "Any", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookies.get("admin")!, { body });
  const sensor = makeTestSensor();
  const enrolled = await world.fetch(
    "/sensor/v1/enroll",
    sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, { token: value }),
  );
  const { sensorId } = (await enrolled.json()) as { sensorId: string };
  const checkIn = { protocolVersion: 1, sensorVersion: "2026.11.0" };
  const init = sensor.request("POST", "/sensor/v1/check-in", checkIn, world.clock.ms, { keyid: sensorId });
  expect((await world.fetch("/sensor/v1/check-in", init)).status).toBe(200);

  const table: Record<string, string> = {};
  for (const route of ROUTES) {
    const prefix = {
      "enrollment-tokens": "tok",
      sensors: "sen",
      assets: "ast",
      "asset-groups": "grp",
      "api-keys": "key",
      users: "usr",
      views: "viw",
      me: route.path.includes("passkeys") ? "pky" : "ses",
    }[route.path.split("/")[3] ?? ""];
    const path = routePath(route, {
      id: `${prefix}_${UUID}`,
      category: "packages",
      version: "2026.11.0",
      file: "any",
    });
    // An empty object is not a valid body of any route, so an authorized caller receives 422.
    const content = route.body ? {} : undefined;
    const answers = [];
    for (const caller of ["nobody", "sensor", ...ROLES]) {
      const init =
        caller === "sensor"
          ? sensor.request(route.method, path, content ?? {}, world.clock.ms, { keyid: sensorId })
          : jsonInit(route.method, content, caller === "nobody" ? {} : { cookie: cookies.get(caller)! });
      if (route.method === "GET") delete init.body;
      const ends = ["session.delete", "sessions.revokeAll"].includes(route.name);
      const signedOut = ends && caller !== "nobody" && caller !== "sensor";
      const { status } = await world.fetch(path, init);
      if (signedOut) cookies.set(caller, await renewed(caller));
      answers.push(`${caller} ${status}`);
    }
    table[`${route.method} ${route.path}`] = answers.join(", ");
  }
  expect(table).toMatchSnapshot();

  async function renewed(role: string): Promise<string> {
    const init = jsonInit("POST", { email: `${role}@example.com`, password: "violet tractor swims 42" });
    const response = await world.fetch("/api/v1/session", init);
    return response.headers.get("set-cookie")!.split(";")[0]!;
  }
});
