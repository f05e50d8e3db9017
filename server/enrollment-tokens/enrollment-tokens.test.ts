import { expect, test } from "bun:test";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import { TOKEN_STATUSES, TOKEN_WARNINGS } from "@attacklens/protocol/enrollment-tokens.ts";
import { tokenValueError } from "@attacklens/protocol/token-value.ts";
import fc from "fast-check";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { enrollmentTokenStatus } from "./token-status.ts";

const allAssets = { name: "Production", scope: { type: "all-assets" }, expiresAt: null } as const;

for (const dialect of TESTED_DIALECTS) {
  test(`only the reply to the creation contains the value, and the database does not (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: allAssets,
    });
    expect(tokenValueError(value)).toBeUndefined();
    expect(enrollmentToken.hint).toBe(value.slice(-4));

    const list = await world.call(routes.listEnrollmentTokens, cookie, {});
    const one = await world.call(routes.getEnrollmentToken, cookie, { params: { id: enrollmentToken.id } });
    expect(JSON.stringify([list, one])).not.toContain(value);

    // An enrollment, a repeated one, and a refused one all leave rows, none with the value.
    const [sensor, late] = [makeTestSensor(), makeTestSensor()];
    const enroll = async ({ request, enrollBody }: typeof sensor, options = {}) => {
      const path = "/sensor/v1/enroll";
      const init = request("POST", path, enrollBody(), world.clock.ms, { token: value, ...options });
      const response = await world.fetch(path, init);
      const headers = JSON.stringify([...response.headers]);
      return { status: response.status, text: headers + (await response.text()) };
    };
    const replies = [await enroll(sensor), await enroll(sensor), await enroll(sensor, { nonce: 1.5 })];
    await world.call(routes.revokeEnrollmentToken, cookie, { params: { id: enrollmentToken.id } });
    replies.push(await enroll(late), await enroll(late, { tamper: "{}" }));
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 401, 403, 401]);
    // Not even without its last characters, which are the hint.
    const secret = value.slice(0, -4);
    expect(JSON.stringify(replies)).not.toContain(secret);

    const tables = await world.db.introspection.getTables();
    const contents = await Promise.all(
      tables.map(({ name }) =>
        world.db
          .selectFrom(name as "setting")
          .selectAll()
          .execute(),
      ),
    );
    expect(contents.flat().length).toBeGreaterThan(10);
    expect(JSON.stringify(contents)).not.toContain(secret);
  });

  test(`the reply to the creation must not be cached (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const response = await world.fetch("/api/v1/enrollment-tokens", jsonInit("POST", allAssets, { cookie }));
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test(`a name is unique regardless of case, and is free again after deletion (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, { body: allAssets });
    const again = jsonInit("POST", { ...allAssets, name: "PRODUCTION" }, { cookie });
    const refused = await world.fetch("/api/v1/enrollment-tokens", again);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "name-taken", fields: { name: expect.any(String) } });

    await world.call(routes.deleteEnrollmentToken, cookie, { params: { id: enrollmentToken.id } });
    expect((await world.fetch("/api/v1/enrollment-tokens", again)).status).toBe(201);
  });

  test(`an expiry in the past is rejected, and a token expires when its expiry passes (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const at = (offsetMs: number) => new Date(world.clock.ms + offsetMs).toISOString();
    const past = jsonInit("POST", { ...allAssets, expiresAt: at(0) }, { cookie });
    expect((await world.fetch("/api/v1/enrollment-tokens", past)).status).toBe(422);

    const body = { ...allAssets, expiresAt: at(1000) };
    const { enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, { body });
    expect(enrollmentToken.status).toBe("active");
    world.clock.ms += 1000;
    const later = await world.call(routes.getEnrollmentToken, cookie, { params: { id: enrollmentToken.id } });
    expect(later.status).toBe("expired");
  });

  test(`revoking twice keeps the time and the user of the first (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, { body: allAssets });
    const params = { id: enrollmentToken.id };
    const first = await world.call(routes.revokeEnrollmentToken, cookie, { params });
    expect(first).toMatchObject({
      status: "revoked",
      revokedBy: "The posture-manager",
      can: { revoke: { allowed: false } },
    });
    world.clock.ms += 60_000;
    const again = world.call(routes.revokeEnrollmentToken, await world.signedIn("admin"), { params });
    await expect(again).rejects.toThrow(first.can.revoke.reason!);
    const second = await world.call(routes.getEnrollmentToken, cookie, { params });
    expect(second.revokedAt).toBe(first.revokedAt);
    expect(second.revokedBy).toBe(first.revokedBy);
  });

  test(`the pages of every sort form the whole list without a gap or a repeat (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    for (let index = 0; index < 7; index++) {
      world.clock.ms += index % 2;
      const expiresAt = index % 3 === 0 ? null : new Date(world.clock.ms + 86_400_000).toISOString();
      await world.call(routes.createEnrollmentToken, cookie, {
        body: { ...allAssets, name: `Token ${index}`, expiresAt },
      });
    }
    for (const sort of [
      "createdAt",
      "name",
      "scope",
      "createdBy",
      "expiresAt",
      "status",
      "enrolledSensors",
      "lastUsedAt",
    ] as const) {
      for (const order of ["asc", "desc"] as const) {
        const seen: string[] = [];
        let cursor: string | null | undefined;
        do {
          const query = { sort, order, limit: "3", ...(cursor ? { cursor } : {}) };
          const page = await world.call(routes.listEnrollmentTokens, cookie, { query });
          expect(page.total).toBe(7);
          seen.push(...page.items.map(({ name }) => name));
          cursor = page.nextCursor;
        } while (cursor);
        expect(seen.toSorted()).toEqual(Array.from({ length: 7 }, (_, index) => `Token ${index}`));
      }
    }
  });

  test(`every modified cursor is rejected (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    const values = ["abc", 1.5, 1e300, -1e300, "\u0000", "\ud800", null, [], {}, "9".repeat(5_000)];
    for (const sort of ["createdAt", "name"]) {
      for (const v of values) {
        for (const id of ["tok_1", "\u0000", 7]) {
          const cursor = Buffer.from(JSON.stringify({ s: `${sort} desc`, v, id })).toString("base64url");
          const path = `/api/v1/enrollment-tokens?sort=${sort}&order=desc&cursor=${cursor}`;
          const { status } = await world.fetch(path, { headers: { cookie } });
          const isHarmless = sort === "name" && v === "abc" && id === "tok_1";
          expect([v, id, status]).toEqual([v, id, isHarmless ? 200 : 422]);
        }
      }
    }
  });

  test(`search treats SQL wildcards literally (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    for (const name of ["100% staff", "100 staff", "a_b", "aXb", "back\\slash"]) {
      await world.call(routes.createEnrollmentToken, cookie, { body: { ...allAssets, name } });
    }
    const found = async (q: string) =>
      (await world.call(routes.listEnrollmentTokens, cookie, { query: { q } })).items.map(({ name }) => name);
    expect(await found("0%")).toEqual(["100% staff"]);
    expect(await found("a_B")).toEqual(["a_b"]);
    expect(await found("k\\s")).toEqual(["back\\slash"]);
  });

  test(`the filter by status and the status function agree on every token (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const paused: { id: string }[] = [];
    const doomed = await world.call(groups.createAssetGroup, cookie, { body: { name: "Doomed" } });
    const scopes = [{ type: "all-assets" }, { type: "asset-group", assetGroupId: doomed.id }] as const;
    for (const [index, scope] of scopes.entries()) {
      for (const expiresInMs of [null, 1_000, 100_000]) {
        for (const revoked of [false, true]) {
          const expiresAt =
            expiresInMs === null ? null : new Date(world.clock.ms + expiresInMs).toISOString();
          const body = { name: `${index} ${expiresInMs} ${revoked}`, scope, expiresAt };
          const { enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, { body });
          const params = { id: enrollmentToken.id };
          if (revoked) await world.call(routes.revokeEnrollmentToken, cookie, { params });
          if (expiresInMs === null && !revoked && index === 0) paused.push(params);
        }
      }
    }
    await world.call(groups.deleteAssetGroup, cookie, { params: { id: doomed.id } });
    world.clock.ms += 50_000;
    const usedUp = await world.call(routes.createEnrollmentToken, cookie, {
      body: { ...allAssets, name: "Used up", maxEnrollments: 1 },
    });
    const sensor = makeTestSensor();
    await world.fetch(
      "/sensor/v1/enroll",
      sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(), world.clock.ms, {
        token: usedUp.value,
      }),
    );
    for (const params of paused) await world.call(routes.pauseEnrollmentToken, cookie, { params });
    let counted = 0;
    for (const status of TOKEN_STATUSES) {
      const { items } = await world.call(routes.listEnrollmentTokens, cookie, { query: { status } });
      for (const item of items) expect(item.status).toBe(status);
      expect(items.length).toBeGreaterThan(0);
      counted += items.length;
    }
    expect(counted).toBe(13);
  });

  test(`the filter by warning lists the tokens that have it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const at = (days: number) => new Date(world.clock.ms + days * 86_400_000).toISOString();
    const create = (name: string, settings: object) =>
      world.call(routes.createEnrollmentToken, cookie, { body: { ...allAssets, name, ...settings } });
    await create("Unused", { expiresAt: at(300) });
    world.clock.ms += 31 * 86_400_000;
    await create("Fine", { expiresAt: at(30) });
    await create("No expiry", { expiresAt: null });
    const paused = await create("Paused", { expiresAt: null });
    await world.call(routes.pauseEnrollmentToken, cookie, { params: { id: paused.enrollmentToken.id } });
    const revoked = await create("Revoked", { expiresAt: null });
    await world.call(routes.revokeEnrollmentToken, cookie, { params: { id: revoked.enrollmentToken.id } });
    const soon = await create("Soon", { expiresAt: at(2), maxEnrollments: 10 });
    for (let use = 0; use < 9; use++) {
      const sensor = makeTestSensor();
      const body = sensor.enrollBody(`web-${use}`);
      const options = { token: soon.value };
      await world.fetch(
        "/sensor/v1/enroll",
        sensor.request("POST", "/sensor/v1/enroll", body, world.clock.ms, options),
      );
    }
    const { items: all } = await world.call(routes.listEnrollmentTokens, cookie, {});
    expect(all.find(({ name }) => name === "Soon")?.warnings).toEqual(["expires-soon", "nearly-used-up"]);
    for (const warning of ["any", ...TOKEN_WARNINGS] as const) {
      const { items } = await world.call(routes.listEnrollmentTokens, cookie, { query: { warning } });
      const expected = all.filter(({ warnings }) =>
        warning === "any" ? warnings.length > 0 : warnings.includes(warning),
      );
      expect(items.map(({ name }) => name).sort()).toEqual(expected.map(({ name }) => name).sort());
      expect(items.length).toBeGreaterThan(0);
    }
  });
}

test("a token is active exactly when nothing prevents enrollment", () => {
  const time = fc.option(fc.nat(10), { nil: null });
  const facts = fc.record({
    revokedAt: time,
    expiresAt: time,
    assetGroupDeletedAt: time,
    pausedAt: time,
    maxEnrollments: fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
    uses: fc.nat(5),
  });
  fc.assert(
    fc.property(facts, fc.nat(10), (token, now) => {
      const usable =
        token.revokedAt === null &&
        (token.expiresAt === null || now < token.expiresAt) &&
        token.assetGroupDeletedAt === null &&
        token.pausedAt === null &&
        (token.maxEnrollments === null || token.uses < token.maxEnrollments);
      expect(enrollmentTokenStatus(token, now) === "active").toBe(usable);
    }),
  );
});
