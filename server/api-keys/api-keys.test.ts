import { expect, test } from "bun:test";
import { getMe, signOut } from "@attacklens/protocol/account.ts";
import * as routes from "@attacklens/protocol/api-keys.ts";
import { createEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Role } from "@attacklens/protocol/permissions.ts";
import { routePath } from "@attacklens/protocol/route.ts";
import { API_KEY_PREFIX, formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { verifyChain } from "../audit/verify-chain.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const DAY_MS = 86_400_000;
const at = (world: World, days: number) => new Date(world.clock.ms + days * DAY_MS).toISOString();
const makeKey = (world: World, cookie: string, role: Role, days = 90) =>
  world.call(routes.createApiKey, cookie, { body: { name: "Deploy", role, expiresAt: at(world, days) } });

/** Requests the list of tokens with the value as bearer token. */
async function tokensBy(world: World, value: string) {
  const init = { headers: { authorization: `Bearer ${value}` } };
  const reply = await world.fetch(listEnrollmentTokens.path, init, "10.1.2.3");
  const { detail } = (await reply.json()) as { detail?: string };
  return { status: reply.status, detail, challenge: reply.headers.get("www-authenticate") };
}

for (const dialect of TESTED_DIALECTS) {
  test(`an API key can do what its role allows, and the audit log names the key as the actor (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const { apiKey, value } = await makeKey(world, cookie, "posture-manager");
    expect(value).toMatch(/^atl_key_[0-9A-Za-z]{49}$/);
    expect(apiKey).toMatchObject({ status: "active", lastUsedAt: null, hint: value.slice(-4) });

    const body = { name: "By a script", scope: { type: "all-assets" }, expiresAt: null };
    const created = await world.fetch(
      createEnrollmentToken.path,
      jsonInit("POST", body, { authorization: `Bearer ${value}` }),
      "10.1.2.3",
    );
    expect(created.status).toBe(201);
    const event = await world.db
      .selectFrom("auditEvent")
      .selectAll()
      .where("action", "=", "enrollment-token.created")
      .executeTakeFirstOrThrow();
    expect(event).toMatchObject({ actorType: "api-key", actorId: apiKey.id, actorName: "Deploy" });
    expect((await verifyChain(world.db)).findings).toEqual([]);

    const { items } = await world.call(routes.listApiKeys, cookie);
    expect(items[0]).toMatchObject({ lastUsedAddress: "10.1.2.3", createdBy: "The admin" });
    expect(items[0]?.lastUsedAt).not.toBeNull();
    expect(JSON.stringify(await world.db.selectFrom("apiKey").selectAll().execute())).not.toContain(value);
  });

  test(`an API key is refused if it is revoked or expired, or if its creator is disabled (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const one = await makeKey(world, cookie, "viewer", 1);
    const other = await makeKey(world, cookie, "viewer");
    expect((await tokensBy(world, one.value)).status).toBe(200);
    world.clock.ms += DAY_MS;
    expect(await tokensBy(world, one.value)).toMatchObject({
      status: 401,
      detail: `The API key is refused: it expired at ${one.apiKey.expiresAt}`,
      challenge: 'Bearer realm="AttackLens"',
    });
    await world.db.updateTable("user").set({ status: "disabled" }).execute();
    expect((await tokensBy(world, other.value)).detail).toContain("who made it, is disabled");
    await world.db.updateTable("user").set({ status: "active" }).execute();
    const params = { id: other.apiKey.id };
    const revoked = await world.call(routes.revokeApiKey, cookie, { params });
    expect(revoked.status).toBe("revoked");
    expect((await tokensBy(world, other.value)).detail).toContain("it was revoked at");
    // A second revocation is refused and keeps the time of the first.
    world.clock.ms += 1;
    await expect(world.call(routes.revokeApiKey, cookie, { params })).rejects.toThrow("state-conflict");
    const { items } = await world.call(routes.listApiKeys, cookie, { query: { sort: "name" } });
    expect(items.find(({ id }) => id === params.id)?.revokedAt).toBe(revoked.revokedAt);
  });

  test(`can of an API key agrees with the API in every state (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db, clock } = world;
    const cookie = await world.signedIn("admin");
    // The creator of the keys is not the user who lists them.
    await world.signedIn("viewer");
    const maker = await db
      .selectFrom("user")
      .select("id")
      .where("role", "=", "viewer")
      .executeTakeFirstOrThrow();
    for (const isRevoked of [false, true]) {
      for (const isExpired of [false, true]) {
        for (const status of ["active", "disabled"] as const) {
          const params = { id: (await makeKey(world, cookie, "viewer")).apiKey.id };
          const columns = {
            ...(isRevoked ? { revokedAt: clock.ms } : {}),
            ...(isExpired ? { expiresAt: clock.ms } : {}),
          };
          if (isRevoked || isExpired)
            await db.updateTable("apiKey").set(columns).where("id", "=", params.id).execute();
          await db.updateTable("apiKey").set({ createdBy: maker.id }).where("id", "=", params.id).execute();
          await db.updateTable("user").set({ status }).where("id", "=", maker.id).execute();
          const { items } = await world.call(routes.listApiKeys, cookie);
          const { can } = items.find(({ id }) => id === params.id)!;
          const reply = await world.fetch(
            routePath(routes.revokeApiKey, params),
            jsonInit("POST", undefined, { cookie }),
          );
          const { detail } = (await reply.json()) as { detail?: string };
          expect([reply.status, detail]).toEqual([can.revoke.allowed ? 200 : 409, can.revoke.reason]);
        }
      }
    }
  });

  test(`an API key never has more permissions than its creator, and cannot manage API keys (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const above = jsonInit(
      "POST",
      { name: "Above", role: "super-admin", expiresAt: at(world, 1) },
      { cookie },
    );
    const refusal = await world.fetch(routes.createApiKey.path, above);
    expect(refusal.status).toBe(422);
    expect(await refusal.text()).toContain("must not be above your own, which is Admin");
    const far = jsonInit("POST", { name: "Far", role: "viewer", expiresAt: at(world, 400) }, { cookie });
    expect((await world.fetch(routes.createApiKey.path, far)).status).toBe(422);

    const { value } = await makeKey(world, cookie, "admin");
    const authorization = `Bearer ${value}`;
    const list = await world.fetch(routes.listApiKeys.path, { headers: { authorization } });
    expect(list.status).toBe(403);
    expect(await list.text()).toContain("API keys are managed by users");
    expect((await world.fetch(signOut.path, jsonInit("DELETE", undefined, { authorization }))).status).toBe(
      409,
    );

    await world.db.updateTable("user").set({ role: "viewer" }).execute();
    const me = await world.fetch(getMe.path, { headers: { authorization } });
    expect(await me.json()).toMatchObject({ role: "viewer" });
    const create = jsonInit(
      "POST",
      { name: "No", scope: { type: "all-assets" }, expiresAt: null },
      { authorization },
    );
    expect((await world.fetch(createEnrollmentToken.path, create)).status).toBe(403);
  });

  test(`an invalid API key is refused, also with a valid session cookie (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const unknown = formatTokenValue(new Uint8Array(32), API_KEY_PREFIX);
    for (const authorization of [
      `Bearer ${unknown}`,
      `Bearer ${unknown.slice(0, -1)}x`,
      "Bearer x",
      "Basic YTpi",
    ]) {
      const reply = await world.fetch(getMe.path, { headers: { authorization, cookie } });
      expect(reply.status).toBe(401);
      expect(await reply.text()).not.toContain(unknown);
    }
  });
}
