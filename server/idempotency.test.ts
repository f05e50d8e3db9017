import { expect, test } from "bun:test";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import {
  createEnrollmentToken,
  deleteEnrollmentToken,
  pauseEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { verifyChain } from "./audit/verify-chain.ts";
import { sweepIdempotencyKeys } from "./idempotency.ts";
import { actions, callWith, DAY_MS, enroll, KEY, send, tokenBody } from "./testing/test-repetition.ts";
import { openWorld, TESTED_DIALECTS } from "./testing/test-world.ts";

test("every route that creates an object for a user accepts an Idempotency-Key", () => {
  // The first user has chosen a password and can sign in after a lost reply.
  // The challenge of a passkey works once, so a repeated request adds no second one.
  const exempt = ["setup.complete", "passkeys.add"];
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
    "updateRings.create",
    "users.invite",
    "views.create",
  ]);
});

for (const dialect of TESTED_DIALECTS) {
  test(`an idempotency key belongs to one caller and one input (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const manager = await world.signedIn("posture-manager");
    const admin = await world.signedIn("admin");
    const first = await send(world, manager, createEnrollmentToken, tokenBody);
    const changed = await send(world, manager, createEnrollmentToken, { ...tokenBody, maxEnrollments: 3 });
    expect([changed.status, changed.code]).toEqual([422, "idempotency-key-reused"]);
    // The same input and the same key in another notation.
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

  test(`a refused request does not use its key, and a key is free again after a day (${dialect})`, async () => {
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
    // The token has expired in the meantime, but a repeated request still returns it.
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

  test(`the sweep deletes old keys in batches until none is left (${dialect})`, async () => {
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

  test(`simultaneous requests with one key, on two servers, create one object (${dialect})`, async () => {
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
    expect((await verifyChain(world.db)).findings).toEqual([]);
  });

  test(`a request that arrives after its caller has disconnected does not invalidate the repetition's value (${dialect})`, async () => {
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

test("an invalid Idempotency-Key header is refused, but only on routes that create an object", async () => {
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

test("the OpenAPI document shows the optional header on exactly the routes that accept it", async () => {
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
