// The order of checks on a request: no body is read before its sender is authenticated and there is room.
import { expect, test } from "bun:test";
import { getMe } from "@attacklens/protocol/account.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import { type Route, routePath } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { disableUser, updateUser } from "@attacklens/protocol/users.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { withLateBody } from "../testing/late-body.ts";
import { makeTestSensor, type SignOptions, type TestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, type World } from "../testing/test-world.ts";

const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const UUID = "01980000-0000-7000-8000-000000000000";
const PREFIXES: Record<string, string> = {
  "enrollment-tokens": "tok",
  sensors: "sen",
  assets: "ast",
  "asset-groups": "grp",
  "api-keys": "key",
  views: "viw",
};

function pathOf(route: Route): string {
  const prefix = PREFIXES[route.path.split("/")[3] ?? ""];
  return routePath(route, {
    id: `${prefix}_${UUID}`,
    category: "packages",
    version: "2026.11.0",
    file: "any",
  });
}

/** A body that never ends. `state` shows whether the server has begun to read it. */
function endlessBody() {
  const state = { isRead: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull() {
        state.isRead = true;
        return new Promise(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  return { state, stream };
}

async function tokenOf(world: World): Promise<string> {
  const cookie = await world.signedIn("posture-manager");
  const body = { name: "Any", scope: { type: "all-assets" }, expiresAt: null } as const;
  return (await world.call(createEnrollmentToken, cookie, { body })).value;
}

async function enrolled(world: World, token: string): Promise<{ sensor: TestSensor; sensorId: string }> {
  const sensor = makeTestSensor();
  const init = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, { token });
  const reply = await world.fetch("/sensor/v1/enroll", init);
  return { sensor, sensorId: ((await reply.json()) as { sensorId: string }).sensorId };
}

async function problemOf(reply: Response): Promise<ProblemBody> {
  return (await reply.json()) as ProblemBody;
}

test("only public routes read the body of an unauthenticated caller", async () => {
  await using world = await openWorld("sqlite");
  const token = await tokenOf(world);
  const { sensorId } = await enrolled(world, token);
  const stranger = makeTestSensor();
  for (const route of ROUTES.filter(({ body, access }) => body && access !== "public")) {
    const path = pathOf(route);
    const signed = (options: SignOptions) =>
      stranger.request(route.method, path, {}, world.clock.ms, options).headers as Record<string, string>;
    const callers: Record<string, Record<string, string>> = {
      nobody: {},
      "a bearer of nonsense": { authorization: "Bearer atl_enr_nonsense" },
      "a signature of another key": signed({ keyid: sensorId }),
      "a signature of an unknown sensor": signed({ keyid: `sen_${UUID}` }),
      "an old signature": signed({ keyid: sensorId, createdMs: world.clock.ms - 3_600_000 }),
    };
    if (route.isSignedByNewKey) callers["a token without a signature"] = { authorization: `Bearer ${token}` };
    for (const [caller, headers] of Object.entries(callers)) {
      const { state, stream } = endlessBody();
      const init = { method: route.method, body: stream, duplex: "half" } as RequestInit;
      const reply = await world.fetch(path, {
        ...init,
        headers: { "content-type": "application/json", "transfer-encoding": "chunked", ...headers },
      });
      expect(`${route.name}, ${caller}: ${reply.status} read ${state.isRead}`).toBe(
        `${route.name}, ${caller}: 401 read false`,
      );
      expect(reply.headers.get("connection")).toBe("close");
    }
  }
});

test("a request with too large a Content-Length, another media type or a coding is refused before its body is read", async () => {
  await using world = await openWorld("sqlite");
  for (const route of ROUTES.filter(({ body }) => body)) {
    const cases: [Record<string, string>, number][] = [
      [{ "content-type": "application/json", "content-length": String(5 * 1024 * 1024) }, 413],
      [{ "content-type": "text/plain" }, 415],
      [{ "content-type": "application/json", "content-encoding": "gzip" }, 415],
    ];
    for (const [headers, status] of cases) {
      const { state, stream } = endlessBody();
      const init = { method: route.method, body: stream, duplex: "half", headers } as RequestInit;
      expect((await world.fetch(pathOf(route), init)).status).toBe(status);
      expect(state.isRead).toBe(false);
    }
  }
});

test("every route refuses a content coding, and lists identity as the accepted one", async () => {
  await using world = await openWorld("sqlite");
  for (const route of ROUTES) {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const reply = await world.fetch(pathOf(route), { method: route.method, headers });
    expect(`${route.name} ${reply.status}`).toBe(`${route.name} 415`);
    expect(reply.headers.get("accept-encoding")).toBe("identity");
  }
  const plain = await world.fetch("/api/v1/setup", { headers: { "content-encoding": "identity" } });
  expect(plain.status).toBe(200);
});

test("a replayed request is refused before its body is read", async () => {
  await using world = await openWorld("sqlite");
  const { sensor, sensorId } = await enrolled(world, await tokenOf(world));
  const path = "/sensor/v1/inventory/packages";
  const body = { root: "a".repeat(64), chunks: [] };
  await world.fetch(
    "/sensor/v1/check-in",
    sensor.request("POST", "/sensor/v1/check-in", VERSIONS, world.clock.ms, { keyid: sensorId }),
  );
  const init = sensor.request("PUT", path, body, world.clock.ms, { keyid: sensorId });
  expect((await world.fetch(path, init)).status).toBe(422);
  for (let replay = 0; replay < 3; replay++) {
    const { state, stream } = endlessBody();
    const reply = await world.fetch(path, { ...init, body: stream, duplex: "half" } as RequestInit);
    expect((await problemOf(reply)).code).toBe("signature-replayed");
    expect(state.isRead).toBe(false);
  }
});

test("nothing is changed for a user who is disabled or demoted before their body arrives", async () => {
  await using world = await openWorld("sqlite");
  const admin = await world.signedIn("super-admin");
  const cookie = await world.signedIn("posture-manager");
  const name = "Late";
  const init = jsonInit(createAssetGroup.method, { name }, { cookie });
  const late = () => withLateBody(world.fetch, createAssetGroup.path, init);
  const [first, second, third] = [await late(), await late(), await late()];
  const { id } = await world.call(getMe, cookie, {});
  await world.call(updateUser, admin, { params: { id }, body: { role: "viewer" } });
  const admittedAt = performance.now();
  await waitUntil("the body is late", () => performance.now() - admittedAt > 200);
  expect(await first()).toBe("permission-missing");
  await world.call(updateUser, admin, { params: { id }, body: { role: "posture-manager" } });
  expect(await second()).toBe(201);
  await world.call(disableUser, admin, { params: { id } });
  expect(await third()).toBe("not-signed-in");
});

test("a sensor may send one upload at a time, and other requests during it", async () => {
  await using world = await openWorld("sqlite");
  const { sensor, sensorId } = await enrolled(world, await tokenOf(world));
  const path = "/sensor/v1/inventory/packages/chunks";
  const put = (body: unknown) =>
    sensor.request("PUT", path, body, world.clock.ms, { keyid: sensorId }) as RequestInit & { body: string };
  const checkIn = () =>
    world.fetch(
      "/sensor/v1/check-in",
      sensor.request("POST", "/sensor/v1/check-in", VERSIONS, world.clock.ms, { keyid: sensorId }),
    );
  expect((await checkIn()).status).toBe(200);
  const first = put({ chunks: {} });
  const gate = Promise.withResolvers<void>();
  const isReading = Promise.withResolvers<void>();
  const slow = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        isReading.resolve();
        await gate.promise;
        controller.enqueue(Buffer.from(first.body));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const headers = {
    ...(first.headers as Record<string, string>),
    "content-length": String(first.body.length),
  };
  const reading = world.fetch(path, { ...first, headers, body: slow, duplex: "half" } as RequestInit);
  // The server authenticates the sender before it reads the body.
  await isReading.promise;
  const second = await world.fetch(path, put({ chunks: {} }));
  expect(second.status).toBe(429);
  expect(second.headers.get("retry-after")).toBe("1");
  expect((await checkIn()).status).toBe(200);
  gate.resolve();
  expect((await reading).status).toBe(204);
  expect((await world.fetch(path, put({ chunks: {} }))).status).toBe(204);
});

test("an upload without a Content-Length counts as the largest upload", async () => {
  await using world = await openWorld("sqlite");
  const { sensor, sensorId } = await enrolled(world, await tokenOf(world));
  const path = "/sensor/v1/inventory/packages/chunks";
  const checkIn = () =>
    world.fetch(
      "/sensor/v1/check-in",
      sensor.request("POST", "/sensor/v1/check-in", VERSIONS, world.clock.ms, { keyid: sensorId }),
    );
  expect((await checkIn()).status).toBe(200);
  const statuses: number[] = [];
  for (let upload = 0; upload < 17; upload++) {
    const init = sensor.request("PUT", path, { chunks: {} }, world.clock.ms, { keyid: sensorId });
    const body = new Blob([init.body as string]).stream();
    const reply = await world.fetch(path, { ...init, body, duplex: "half" } as RequestInit);
    statuses.push(reply.status);
  }
  expect(statuses).toEqual([...Array<number>(16).fill(204), 429]);
  // Lists of chunks count as uploads. Check-ins do not.
  const list = sensor.request(
    "PUT",
    "/sensor/v1/inventory/packages",
    { root: "a".repeat(64), chunks: [] },
    world.clock.ms,
    { keyid: sensorId },
  );
  const refused = await world.fetch("/sensor/v1/inventory/packages", list);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_000);
  expect((await checkIn()).status).toBe(200);
});

test("HEAD returns the status and headers of GET on every route, without a body or an open stream", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("super-admin");
  for (const route of ROUTES.filter(({ method }) => method === "GET")) {
    const path = pathOf(route);
    // More streams than a user may have open.
    const replies = await Promise.all(
      Array.from({ length: route.streams ? 40 : 1 }, () =>
        world.fetch(path, { method: "HEAD", headers: { cookie } }),
      ),
    );
    const get = await world.fetch(path, { headers: { cookie } });
    for (const head of replies) {
      expect(`${route.name} ${head.status}`).toBe(`${route.name} ${get.status}`);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
      expect(await head.text()).toBe("");
    }
    await get.body?.cancel();
  }
});
