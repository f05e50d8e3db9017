import { expect, test } from "bun:test";
import { changePassword, getMe, signIn, updateMe } from "@attacklens/protocol/account.ts";
import { createApiKey, revokeApiKey } from "@attacklens/protocol/api-keys.ts";
import { createEnrollmentToken, updateEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { routePath } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { runSensorAction } from "@attacklens/protocol/sensor-actions.ts";
import {
  confirmIdentity,
  listSessions,
  revokeAllSessions,
  revokeSession,
} from "@attacklens/protocol/sessions.ts";
import { runTokenAction } from "@attacklens/protocol/token-actions.ts";
import { verifyChain } from "../audit/verify-chain.ts";
import { jsonInit, openWorld, PASSWORD, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const MINUTE_MS = 60_000;
const NEW_PASSWORD = "amber kettle drifts 77";
const HOME = "198.51.100.7";

/** Every session of the database started, and was confirmed, this long ago. */
async function age(world: World, ms: number): Promise<void> {
  const at = Date.now() - ms;
  await world.db.updateTable("session").set({ createdAt: at, confirmedAt: null }).execute();
}

async function problemOf(reply: Response) {
  const { code, fields } = (await reply.json()) as { code?: string; fields?: Record<string, string> };
  return { status: reply.status, code, ...(fields ? { fields } : {}) };
}

const NOT_RECENT = { status: 403, code: "sign-in-not-recent" };

for (const dialect of TESTED_DIALECTS) {
  test(`a sign-in older than 15 minutes must be confirmed to manage API keys (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const expiresAt = new Date(world.clock.ms + 86_400_000).toISOString();
    const key = { name: "Deploy", role: "admin" as const, expiresAt };
    const create = () => world.fetch(createApiKey.path, jsonInit("POST", key, { cookie }));
    await age(world, 14 * MINUTE_MS);
    const created = await world.call(createApiKey, cookie, { body: key });
    await age(world, 15 * MINUTE_MS);
    expect(await problemOf(await create())).toEqual(NOT_RECENT);
    const revoke = routePath(revokeApiKey, { id: created.apiKey.id });
    expect(await problemOf(await world.fetch(revoke, jsonInit("POST", undefined, { cookie })))).toEqual(
      NOT_RECENT,
    );
    // Reading needs no confirmation.
    expect((await world.call(getMe, cookie)).role).toBe("admin");

    const confirm = (password: string) =>
      world.fetch(confirmIdentity.path, jsonInit("POST", { password }, { cookie }));
    expect(await problemOf(await confirm("wrong"))).toEqual({
      status: 422,
      code: "input-invalid",
      fields: { password: "is not correct" },
    });
    expect((await create()).status).toBe(403);
    expect((await confirm(PASSWORD)).status).toBe(204);
    expect((await create()).status).toBe(201);
    // Guesses count like those at sign-in.
    const guesses = [];
    for (let n = 0; n < 11; n++) guesses.push((await confirm("wrong")).status);
    expect(guesses).toEqual([...Array(10).fill(422), 429]);
  });

  test(`only changes that lengthen a token's life need a recent sign-in, and API keys never do (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const at = (days: number) => new Date(world.clock.ms + days * 86_400_000).toISOString();
    const { value } = await world.call(createApiKey, cookie, {
      body: { name: "Deploy", role: "admin", expiresAt: at(1) },
    });
    const scope = { type: "all-assets" } as const;
    const { enrollmentToken } = await world.call(createEnrollmentToken, cookie, {
      body: { name: "Office", scope, expiresAt: at(10), maxEnrollments: 5 },
    });
    await age(world, 20 * MINUTE_MS);
    const path = routePath(updateEnrollmentToken, { id: enrollmentToken.id });
    const change = async (body: object, headers: Record<string, string> = { cookie }) =>
      (await world.fetch(path, jsonInit("PATCH", body, headers))).status;
    const cases: [object, number][] = [
      [{ name: "Office 2" }, 200],
      [{ expiresAt: at(10), maxEnrollments: 5 }, 200],
      [{ expiresAt: at(9), maxEnrollments: 4 }, 200],
      [{ expiresAt: at(9.01) }, 403],
      [{ expiresAt: null }, 403],
      [{ maxEnrollments: 5 }, 403],
      [{ maxEnrollments: null }, 403],
      [{ expiresAt: at(8), maxEnrollments: 5 }, 403],
    ];
    for (const [body, status] of cases) expect([body, await change(body)]).toEqual([body, status]);
    const authorization = `Bearer ${value}`;
    expect(await change({ expiresAt: null, maxEnrollments: null }, { authorization })).toBe(200);
    expect(await change({ expiresAt: at(10), maxEnrollments: 5 })).toBe(200);
  });

  test(`every change of users, and deleting many objects, need a recent sign-in (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    await age(world, 20 * MINUTE_MS);
    const changes = ROUTES.filter(({ access, method }) => access === "users:manage" && method !== "GET");
    expect(changes.length).toBeGreaterThan(5);
    const id = "usr_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";
    for (const route of changes) {
      const reply = await world.fetch(routePath(route, { id }), jsonInit(route.method, {}, { cookie }));
      expect([route.name, await problemOf(reply)]).toEqual([route.name, NOT_RECENT]);
    }
    for (const { path } of [runTokenAction, runSensorAction]) {
      const body = { action: "delete", filter: {}, fingerprint: "0" };
      const run = (action: string) => world.fetch(path, jsonInit("POST", { ...body, action }, { cookie }));
      expect(await problemOf(await run("delete"))).toEqual(NOT_RECENT);
      expect((await run(path === runTokenAction.path ? "pause" : "block")).status).toBe(409);
    }
  });

  test(`a changed password ends the other sessions, and the old one works nowhere (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    const others = [await world.signInAgain("viewer"), await world.signInAgain("viewer")];
    const change = (body: { currentPassword: string; newPassword: string }) =>
      world.fetch(changePassword.path, jsonInit("POST", body, { cookie }));
    const refusals = [
      [{ currentPassword: "wrong", newPassword: NEW_PASSWORD }, "currentPassword"],
      [{ currentPassword: PASSWORD, newPassword: "short" }, "newPassword"],
      [{ currentPassword: PASSWORD, newPassword: "viewer@example.com" }, "newPassword"],
    ] as const;
    for (const [body, field] of refusals) {
      const { status, fields } = await problemOf(await change(body));
      expect([status, Object.keys(fields ?? {})]).toEqual([422, [field]]);
    }
    const changed = await change({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    expect([changed.status, await changed.json()]).toEqual([200, { endedSessions: 2 }]);
    expect((await world.call(getMe, cookie)).name).toBe("The viewer");
    for (const other of others)
      expect((await world.fetch(getMe.path, { headers: { cookie: other } })).status).toBe(401);
    const attempt = async (password: string) =>
      (await world.fetch(signIn.path, jsonInit("POST", { email: "viewer@example.com", password }))).status;
    expect([await attempt(PASSWORD), await attempt(NEW_PASSWORD)]).toEqual([401, 200]);
    const events = await world.db.selectFrom("auditEvent").select(["action", "details"]).execute();
    expect(events.find(({ action }) => action === "user.password-changed")?.details).toContain(
      '"endedSessions":2',
    );
    expect(JSON.stringify(events)).not.toContain(NEW_PASSWORD);
    expect((await verifyChain(world.db)).findings).toEqual([]);
  });

  test(`sessions are listed with browser and address, and end on every server at once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    const body = { email: "viewer@example.com", password: PASSWORD };
    const reply = await world.fetch(signIn.path, jsonInit("POST", body, { "user-agent": "Firefox" }), HOME);
    const other = reply.headers.get("set-cookie")!.split(";")[0]!;
    await world.fetch(getMe.path, { headers: { cookie: other } }, "203.0.113.9");
    const { items } = await world.call(listSessions, cookie);
    expect(items.map(({ isCurrent, userAgent, address }) => [isCurrent, userAgent, address])).toEqual([
      [false, "Firefox", "203.0.113.9"],
      [true, null, "127.0.0.1"],
    ]);
    expect(JSON.stringify(items)).not.toContain("token");

    const second = await world.secondFetch();
    const isServed = async (one: string) =>
      (await second(getMe.path, { headers: { cookie: one } })).status === 200;
    expect([await isServed(cookie), await isServed(other)]).toEqual([true, true]);
    const { id } = items.find(({ isCurrent }) => !isCurrent)!;
    // Another user's session does not exist for an Admin either.
    const admin = await world.signedIn("admin");
    const foreign = jsonInit("DELETE", undefined, { cookie: admin });
    expect((await world.fetch(routePath(revokeSession, { id }), foreign)).status).toBe(404);
    await world.call(revokeSession, cookie, { params: { id } });
    expect([await isServed(cookie), await isServed(other)]).toEqual([true, false]);
    await world.call(revokeAllSessions, cookie);
    expect([await isServed(cookie), await isServed(admin)]).toEqual([false, true]);
  });

  test(`an API key cannot change the account of its creator (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const expiresAt = new Date(world.clock.ms + 86_400_000).toISOString();
    const key = { name: "Deploy", role: "admin" as const, expiresAt };
    const { value } = await world.call(createApiKey, cookie, { body: key });
    const authorization = `Bearer ${value}`;
    const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    for (const [route, body] of [
      [updateMe, { name: "Eve" }],
      [changePassword, passwords],
      [confirmIdentity, { password: PASSWORD }],
      [revokeAllSessions, undefined],
    ] as const) {
      const reply = await world.fetch(route.path, jsonInit(route.method, body, { authorization }));
      expect(await problemOf(reply)).toEqual({ status: 403, code: "permission-missing" });
    }
    expect(await world.call(updateMe, cookie, { body: { name: "Ada" } })).toMatchObject({ name: "Ada" });
    expect((await world.call(getMe, cookie)).name).toBe("Ada");
  });
}
