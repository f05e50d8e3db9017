import { expect, test } from "bun:test";
import { createApiKey, listApiKeys, revokeApiKey } from "@attacklens/protocol/api-keys.ts";
import {
  createAssetGroup,
  deleteAssetGroup,
  listAssetGroups,
  renameAssetGroup,
} from "@attacklens/protocol/asset-groups.ts";
import { checkToken } from "@attacklens/protocol/enroll.ts";
import {
  createEnrollmentToken,
  deleteEnrollmentToken,
  listEnrollmentTokens,
  pauseEnrollmentToken,
  revokeEnrollmentToken,
  rotateEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { type Route, routePath } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { createTicket } from "@attacklens/protocol/sensors.ts";
import { findBreak } from "./audit/audit.ts";
import { sweepIdempotencyKeys } from "./idempotency.ts";
import { makeTestSensor } from "./testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "./testing/test-world.ts";

const KEY = '"8e03978e-40d5-43e8-bc93-6894a57f9324"';
const DAY_MS = 86_400_000;
const tokenBody = { name: "Servers", scope: { type: "all-assets" }, expiresAt: null } as const;

interface Reply {
  status: number;
  code?: string;
  detail?: string;
  id: string;
  value: string;
}

interface Sending {
  key?: string | null;
  params?: Record<string, string>;
  authorization?: string;
  fetch?: World["fetch"];
  signal?: AbortSignal;
}

/** Sends a creating request and reads what all their replies have in common. */
async function send(world: World, cookie: string, route: Route, body: unknown, sending: Sending = {}) {
  const { key = KEY, params = {}, authorization, fetch = world.fetch, signal } = sending;
  const headers: Record<string, string> = authorization ? { authorization } : { cookie };
  if (key !== null) headers["idempotency-key"] = key;
  const init = { ...jsonInit(route.method, body, headers), signal: signal ?? null };
  const response = await fetch(routePath(route, params), init);
  const reply = (await response.json()) as Partial<Reply> & Record<string, { id: string }>;
  const object = reply.enrollmentToken ?? reply.apiKey ?? (reply as { id?: string });
  return {
    status: response.status,
    code: reply.code,
    detail: reply.detail,
    id: object.id,
    value: reply.value,
  } as Reply;
}

async function enroll(world: World, token: string, fetch = world.fetch) {
  const path = "/sensor/v1/enroll";
  const sensor = makeTestSensor();
  const init = sensor.request("POST", path, sensor.enrollBody(), world.clock.ms, { token });
  const response = await fetch(path, init);
  const { code, sensorId } = (await response.json()) as { code?: string; sensorId?: string };
  return { outcome: code ?? "enrolled", sensorId: sensorId ?? "" };
}

async function reEnroll(world: World, ticket: string, fetch = world.fetch) {
  const path = "/sensor/v1/re-enroll";
  const sensor = makeTestSensor();
  const init = sensor.request("POST", path, sensor.enrollBody(), world.clock.ms, { token: ticket });
  const response = await fetch(path, init);
  return response.status === 201 ? "enrolled" : ((await response.json()) as { code: string }).code;
}

async function callWith(_world: World, value: string, fetch: World["fetch"]) {
  const init = { headers: { authorization: `Bearer ${value}` } };
  return (await fetch(listEnrollmentTokens.path, init)).status === 200 ? "accepted" : "refused";
}

const actions = async (world: World) =>
  (await world.db.selectFrom("auditEvent").select(["action", "entityId"]).orderBy("sequence").execute()).map(
    ({ action, entityId }) => `${action} ${entityId}`,
  );

test("every route by which a user makes an object takes an Idempotency-Key", () => {
  // The first user chooses their password: whoever lost the reply signs in.
  const exempt = ["setup.complete"];
  const making = ROUTES.filter(
    ({ status, access, name }) => status === 201 && access !== "sensor" && !name.startsWith("sensor."),
  );
  const without = making.filter(({ creates, name }) => !creates && !exempt.includes(name));
  expect(without.map(({ name }) => name)).toEqual([]);
  expect(
    ROUTES.filter(({ creates }) => creates)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual([
    "apiKeys.create",
    "assetGroups.create",
    "enrollmentTokens.create",
    "enrollmentTokens.rotate",
    "sensors.createTicket",
  ]);
});

for (const dialect of TESTED_DIALECTS) {
  test(`a repeated request for a token returns the same token; the value that was lost is void on every server (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const secondFetch = await world.secondFetch();
    const lost = await send(world, cookie, createEnrollmentToken, tokenBody);
    // Both servers have seen the value that is going to be void.
    for (const fetch of [world.fetch, secondFetch]) {
      const authorization = `Bearer ${lost.value}`;
      const asked = await fetch(checkToken.path, jsonInit("POST", { hostname: "web-01" }, { authorization }));
      expect(asked.status).toBe(200);
    }
    const again = await send(world, cookie, createEnrollmentToken, tokenBody);
    expect(again).toMatchObject({ status: 201, id: lost.id });
    expect(again.value).not.toBe(lost.value);
    expect((await enroll(world, lost.value)).outcome).toBe("token-unknown");
    expect((await enroll(world, lost.value, secondFetch)).outcome).toBe("token-unknown");
    expect((await enroll(world, again.value, secondFetch)).outcome).toBe("enrolled");

    const { items } = await world.call(listEnrollmentTokens, cookie);
    expect(items.map(({ id, hint }) => [id, hint])).toEqual([[lost.id, again.value.slice(-4)]]);
    expect((await actions(world)).filter((line) => line.includes(lost.id))).toEqual([
      `enrollment-token.created ${lost.id}`,
      `enrollment-token.value-replaced ${lost.id}`,
    ]);
    expect(await findBreak(world.db)).toBeUndefined();
    const stored = JSON.stringify(await world.db.selectFrom("idempotencyKey").selectAll().execute());
    for (const secret of [lost.value, again.value, KEY.slice(1, -1)]) expect(stored).not.toContain(secret);
  });

  test(`a repeated rotation returns the same successor and rotates once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const old = await send(world, cookie, createEnrollmentToken, tokenBody);
    const params = { id: old.id };
    const body = {
      name: "Second",
      expiresAt: null,
      oldExpiresAt: new Date(world.clock.ms + 60_000).toISOString(),
    };
    // The same key on another route is another key.
    const lost = await send(world, cookie, rotateEnrollmentToken, body, { params });
    world.clock.ms += 30_000;
    const again = await send(world, cookie, rotateEnrollmentToken, body, { params });
    expect([again.status, again.id]).toEqual([201, lost.id]);
    expect((await enroll(world, lost.value)).outcome).toBe("token-unknown");
    expect((await enroll(world, again.value)).outcome).toBe("enrolled");
    expect((await enroll(world, old.value)).outcome).toBe("enrolled");
    expect((await actions(world)).filter((line) => line.startsWith("enrollment-token.rotated"))).toHaveLength(
      1,
    );
    const third = await send(
      world,
      cookie,
      createEnrollmentToken,
      { ...tokenBody, name: "Third" },
      { key: '"3"' },
    );
    const other = await send(world, cookie, rotateEnrollmentToken, body, { params: { id: third.id } });
    expect([other.status, other.code]).toEqual([422, "idempotency-key-reused"]);
  });

  test(`a repeated request for an API key leaves one key, and only its last value works (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const secondFetch = await world.secondFetch();
    const body = {
      name: "Deploy",
      role: "viewer",
      expiresAt: new Date(world.clock.ms + DAY_MS).toISOString(),
    };
    const lost = await send(world, cookie, createApiKey, body);
    const again = await send(world, cookie, createApiKey, body);
    expect([again.status, again.id]).toEqual([201, lost.id]);
    for (const fetch of [world.fetch, secondFetch]) {
      expect(await callWith(world, lost.value, fetch)).toBe("refused");
      expect(await callWith(world, again.value, fetch)).toBe("accepted");
    }
    expect((await world.call(listApiKeys, cookie)).items).toHaveLength(1);
    expect((await actions(world)).filter((line) => line.startsWith("api-key"))).toEqual([
      `api-key.created ${lost.id}`,
      `api-key.value-replaced ${lost.id}`,
    ]);
    const late = await send(world, cookie, createApiKey, body);
    expect([late.status, late.code]).toEqual([409, "state-conflict"]);
    expect(late.detail).toContain("was used at");
    expect(await callWith(world, again.value, world.fetch)).toBe("accepted");
    await world.call(revokeApiKey, cookie, { params: { id: lost.id } });
    expect((await send(world, cookie, createApiKey, body)).detail).toContain("was revoked at");
  });

  test(`a repeated request for a ticket returns the same ticket with a new value (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value: token } = await send(world, cookie, createEnrollmentToken, tokenBody);
    const { sensorId } = await enroll(world, token);
    const ask = (key = KEY) =>
      send(world, cookie, createTicket, undefined, { params: { id: sensorId }, key });
    const lost = await ask();
    const again = await ask();
    expect(again.status).toBe(201);
    expect(await world.db.selectFrom("reEnrollTicket").select("id").execute()).toHaveLength(1);
    expect(await reEnroll(world, lost.value)).toBe("ticket-unknown");
    expect((await actions(world)).at(-1)).toBe(`sensor.ticket-value-replaced ${sensorId}`);
    // A later ticket ends this one, which a repetition does not bring back.
    const later = await ask('"later"');
    expect((await ask()).detail).toContain("was replaced by a later one");
    expect(await reEnroll(world, again.value)).toBe("ticket-unknown");
    expect(await reEnroll(world, later.value)).toBe("enrolled");
    expect((await ask('"later"')).detail).toContain("was used at");
    const ended = await ask('"ended"');
    world.clock.ms += 3_600_000;
    expect(ended.status).toBe(201);
    expect((await ask('"ended"')).detail).toContain("ended at");
  });

  test(`a repeated request for an asset group returns the same group, as it is now (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const first = await send(world, cookie, createAssetGroup, { name: "Production" });
    const params = { id: first.id };
    await world.call(renameAssetGroup, cookie, { params, body: { name: "Live" } });
    const again = await send(world, cookie, createAssetGroup, { name: "Production" });
    expect([again.status, again.id]).toEqual([201, first.id]);
    expect((await world.call(listAssetGroups, cookie)).items.map(({ name }) => name)).toEqual(["Live"]);
    await world.call(deleteAssetGroup, cookie, { params });
    const gone = await send(world, cookie, createAssetGroup, { name: "Production" });
    expect([gone.status, gone.code]).toEqual([409, "state-conflict"]);
  });

  test(`a token that was used, revoked or deleted since keeps what it has (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const make = (name: string) =>
      send(world, cookie, createEnrollmentToken, { ...tokenBody, name }, { key: `"${name}"` });
    const used = await make("used");
    expect((await enroll(world, used.value)).outcome).toBe("enrolled");
    expect(await make("used")).toMatchObject({ status: 409, code: "state-conflict" });
    expect((await enroll(world, used.value)).outcome).toBe("enrolled");

    const refused = await make("refused");
    await world.call(pauseEnrollmentToken, cookie, { params: { id: refused.id } });
    expect((await enroll(world, refused.value)).outcome).toBe("token-paused");
    expect((await make("refused")).detail).toContain("has been used by a host");
    expect((await enroll(world, refused.value)).outcome).toBe("token-paused");

    const revoked = await make("revoked");
    await world.call(revokeEnrollmentToken, cookie, { params: { id: revoked.id } });
    expect((await make("revoked")).detail).toContain("was revoked at");
    const deleted = await make("deleted");
    await world.call(deleteEnrollmentToken, cookie, { params: { id: deleted.id } });
    expect((await make("deleted")).detail).toContain("was deleted");
    expect((await enroll(world, deleted.value)).outcome).toBe("token-unknown");
  });

  test(`a key belongs to one caller and one input (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const manager = await world.signedIn("posture-manager");
    const admin = await world.signedIn("admin");
    const first = await send(world, manager, createEnrollmentToken, tokenBody);
    const changed = await send(world, manager, createEnrollmentToken, { ...tokenBody, maxEnrollments: 3 });
    expect([changed.status, changed.code]).toEqual([422, "idempotency-key-reused"]);
    // Spelled in another way it is the same input, and the same key.
    const spelled = {
      expiresAt: null,
      clonedHosts: "approval",
      scope: { type: "all-assets" },
      name: "  Servers ",
    };
    const same = await send(world, manager, createEnrollmentToken, spelled, { key: KEY.slice(1, -1) });
    expect([same.status, same.id]).toEqual([201, first.id]);
    expect((await send(world, admin, createEnrollmentToken, tokenBody)).code).toBe("name-taken");
    const others = await send(world, admin, createEnrollmentToken, { ...tokenBody, name: "Others" });
    expect(others.status).toBe(201);
    const keyBody = {
      name: "Key",
      role: "admin",
      expiresAt: new Date(world.clock.ms + DAY_MS).toISOString(),
    };
    const { value } = await send(world, admin, createApiKey, keyBody);
    const byKey = await send(
      world,
      "",
      createEnrollmentToken,
      { ...tokenBody, name: "Others" },
      { authorization: `Bearer ${value}` },
    );
    expect(byKey.code).toBe("name-taken");
  });

  test(`a refused request takes no key, and a key is free again after a day (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const taken = await send(world, cookie, createEnrollmentToken, tokenBody, { key: null });
    expect((await send(world, cookie, createEnrollmentToken, tokenBody)).code).toBe("name-taken");
    const past = { ...tokenBody, name: "Past", expiresAt: "2020-01-01T00:00:00Z" };
    expect((await send(world, cookie, createEnrollmentToken, past)).code).toBe("input-invalid");
    await world.call(deleteEnrollmentToken, cookie, { params: { id: taken.id } });
    const short = { ...tokenBody, expiresAt: new Date(world.clock.ms + 60_000).toISOString() };
    const made = await send(world, cookie, createEnrollmentToken, short);
    expect(made.status).toBe(201);
    // The token has expired meanwhile: it is still the one that was made.
    world.clock.ms += DAY_MS - 1;
    expect((await send(world, cookie, createEnrollmentToken, short)).id).toBe(made.id);
    world.clock.ms += 1;
    const next = await send(world, cookie, createEnrollmentToken, { ...tokenBody, name: "Next" });
    expect(next.status).toBe(201);
    expect(next.id).not.toBe(made.id);
    await sweepIdempotencyKeys(world.db, world.clock.ms);
    expect(await world.db.selectFrom("idempotencyKey").select("objectId").execute()).toEqual([
      { objectId: next.id },
    ]);
  });

  test(`keys are swept in batches until none is too old (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const row = (index: number) => ({ keyHash: `${index}`, requestHash: "", objectId: "", createdAt: index });
    for (let start = 0; start < 2_500; start += 500)
      await world.db
        .insertInto("idempotencyKey")
        .values(Array.from({ length: 500 }, (_, index) => row(start + index)))
        .execute();
    await sweepIdempotencyKeys(world.db, DAY_MS + 2_300);
    const left = await world.db.selectFrom("idempotencyKey").select("createdAt").execute();
    expect(left.map(({ createdAt }) => Number(createdAt)).toSorted((a, b) => a - b)[0]).toBe(2_301);
    expect(left).toHaveLength(199);
  });

  test(`requests with one key at the same time, on two servers, make one object (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const fetches = [world.fetch, await world.secondFetch()];
    const keyBody = {
      name: "Key",
      role: "viewer",
      expiresAt: new Date(world.clock.ms + DAY_MS).toISOString(),
    };
    const cases: [Route, unknown][] = [
      [createEnrollmentToken, tokenBody],
      [createApiKey, keyBody],
      [createAssetGroup, { name: "Production" }],
    ];
    for (const [route, body] of cases) {
      const replies = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          send(world, cookie, route, body, { fetch: fetches[index % 2]! }),
        ),
      );
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 201));
      expect(new Set(replies.map(({ id }) => id)).size).toBe(1);
      if (route === createAssetGroup) continue;
      const outcomes = await Promise.all(
        replies.map(async ({ value }) =>
          route === createApiKey
            ? await callWith(world, value, world.fetch)
            : (await enroll(world, value)).outcome,
        ),
      );
      expect(outcomes.filter((outcome) => outcome === "enrolled" || outcome === "accepted")).toHaveLength(1);
    }
    const created = /^(enrollment-token|api-key|asset-group)\.created /;
    expect((await actions(world)).filter((line) => created.test(line))).toHaveLength(3);
    expect(await findBreak(world.db)).toBeUndefined();
  });

  test(`a request that arrives after its caller has gone does not void what the repetition got (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const repetition = await send(world, cookie, createEnrollmentToken, tokenBody);
    const gone = new AbortController();
    const held = send(world, cookie, createEnrollmentToken, tokenBody, { signal: gone.signal });
    gone.abort();
    expect((await held).status).toBe(409);
    expect((await enroll(world, repetition.value)).outcome).toBe("enrolled");
  });
}

test("a header that is no key is refused, on routes that create only", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("posture-manager");
  for (const key of ['""', '"open', "a b", '"a", "b"', `"${"x".repeat(256)}"`]) {
    const refused = await send(world, cookie, createEnrollmentToken, tokenBody, { key });
    expect([refused.status, refused.code]).toEqual([400, "malformed-request"]);
    expect(refused.detail).toContain("Idempotency-Key");
  }
  const { id } = await send(world, cookie, createEnrollmentToken, tokenBody);
  expect(
    (await send(world, cookie, pauseEnrollmentToken, undefined, { params: { id }, key: '"open' })).status,
  ).toBe(200);
});

test("the API's document shows the header where it is taken, required nowhere", async () => {
  await using world = await openWorld("sqlite");
  const document = (await (await world.fetch("/api/openapi.json")).json()) as {
    paths: Record<
      string,
      Record<string, { operationId: string; parameters?: { in: string; name: string; required?: boolean }[] }>
    >;
  };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const shown = operations.flatMap(({ operationId, parameters = [] }) =>
    parameters
      .filter(({ in: place }) => place === "header")
      .map(({ name, required = false }) => ({ operationId, name, required })),
  );
  expect(shown.toSorted((a, b) => a.operationId.localeCompare(b.operationId))).toEqual(
    ROUTES.filter(({ creates }) => creates)
      .map(({ name }) => ({ operationId: name, name: "Idempotency-Key", required: false }))
      .toSorted((a, b) => a.operationId.localeCompare(b.operationId)),
  );
});
