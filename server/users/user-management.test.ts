import { expect, test } from "bun:test";
import { getMe, signIn } from "@attacklens/protocol/account.ts";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import * as routes from "@attacklens/protocol/users.ts";
import { nameKey } from "../ids.ts";
import { atTheSameTime, attempt, eventsOf, userIdOf } from "../testing/test-users.ts";
import { drawDialects, jsonInit, openWorld, PASSWORD, TESTED_DIALECTS } from "../testing/test-world.ts";

const HOUR_MS = 3_600_000;
const grace = { name: "Grace Hopper", email: "grace@example.com", role: "posture-manager" as Role };

for (const dialect of TESTED_DIALECTS) {
  test(`two Super Admins cannot remove, disable or downgrade each other at the same time (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const fetches = [world.fetch, dialect === "postgres" ? await world.secondFetch() : world.fetch];
    const cookies = [await world.signedIn("super-admin"), ""];
    const emails = ["super-admin@example.com", "second@example.com"];
    await world.addUser(emails[1]!, "super-admin");
    const session = await world.fetch(
      signIn.path,
      jsonInit("POST", { email: emails[1], password: PASSWORD }),
    );
    cookies[1] = session.headers.get("set-cookie")!.split(";")[0]!;
    const ids = [await userIdOf(world, emails[0]!), await userIdOf(world, emails[1]!)];
    const remain = () =>
      world.db
        .selectFrom("user")
        .select("id")
        .where("role", "=", "super-admin")
        .where("status", "=", "active")
        .execute();
    const sessions = await world.db.selectFrom("session").selectAll().execute();
    const actions = [
      [routes.disableUser, undefined],
      [routes.updateUser, { role: "admin" }],
      [routes.deleteUser, undefined],
    ] as const;
    for (const [route, body] of actions) {
      const statuses = await atTheSameTime(
        world,
        [0, 1].map((n) => async () => {
          const request = { params: { id: ids[1 - n]! }, ...(body ? { body } : {}) } as object;
          return (await attempt(fetches[n]!, route, cookies[n]!, request)).status;
        }),
      );
      expect(statuses.filter((status) => status < 300)).toHaveLength(1);
      expect(await remain()).toHaveLength(1);
      // A deleted user is not restored.
      if (route === routes.deleteUser) return;
      await world.db.updateTable("user").set({ status: "active", role: "super-admin" }).execute();
      await world.db.deleteFrom("session").execute();
      await world.db.insertInto("session").values(sessions).execute();
    }
  });

  test(`users are searched by name and email, filtered, sorted and paged (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    for (const [name, role] of [
      ["Zoë Ångström", "viewer"],
      ["Émile", "admin"],
      ["bob", "viewer"],
    ] as const) {
      const email = `${nameKey(name)
        .normalize("NFD")
        .replace(/[^a-z]/g, "")}@corp.example`;
      await world.call(routes.inviteUser, cookie, { body: { name, email, role } });
    }
    const names = async (query: Partial<RouteRequest<typeof routes.listUsers>["query"]>) =>
      (await world.call(routes.listUsers, cookie, { query: query as never })).items.map(({ name }) => name);
    expect(await names({ q: "ÅNGSTRÖM" })).toEqual(["Zoë Ångström"]);
    expect(await names({ q: "CORP.ex", sort: "email" })).toEqual(["bob", "Émile", "Zoë Ångström"]);
    expect(await names({ q: "_" })).toEqual([]);
    expect(await names({ role: "viewer", sort: "name" })).toEqual(["bob", "Zoë Ångström"]);
    expect(await names({ status: "active" })).toEqual(["The super-admin"]);
    expect((await names({ sort: "role", order: "desc" }))[0]).toBe("The super-admin");
    for (const sort of ["name", "email", "role", "lastSignInAt", "createdAt"] as const) {
      const all = await names({ sort });
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { sort, limit: 1, ...(cursor ? { cursor } : {}) };
        const page = await world.call(routes.listUsers, cookie, { query: query as never });
        paged.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      expect([sort, paged]).toEqual([sort, all]);
    }
    const taken = await attempt(world.fetch, routes.inviteUser, cookie, {
      body: { ...grace, email: "BOB@corp.example" },
    });
    expect([taken.status, taken.body.fields]).toEqual([409, { email: "already belongs to a user" }]);
  });
}

// The queries are those of the tests above.
for (const dialect of drawDialects()) {
  test(`the only active Super Admin cannot be weakened, and no user weakens the own account (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const params = { id: await userIdOf(world, "super-admin@example.com") };
    const weakenings = [
      [routes.disableUser, {}],
      [routes.updateUser, { body: { role: "viewer" } }],
      [routes.deleteUser, {}],
    ] as const;
    const reasons = async () => {
      const replies = [];
      for (const [route, request] of weakenings)
        replies.push(await attempt(world.fetch, route, cookie, { params, ...request } as object));
      expect(replies.map(({ status }) => status)).toEqual([409, 409, 409]);
      return replies.map(({ body }) => body.detail.replace(/^.*: /, ""));
    };
    const last = "this is the only active Super Admin. Make another user a Super Admin first.";
    expect(await reasons()).toEqual([last, last, last]);
    // Only an active one counts.
    await world.call(routes.inviteUser, cookie, { body: { ...grace, role: "super-admin" } });
    await world.addUser("off@example.com", "super-admin");
    const off = { id: await userIdOf(world, "off@example.com") };
    await world.call(routes.disableUser, cookie, { params: off });
    expect(await reasons()).toEqual([last, last, last]);
    await world.call(routes.enableUser, cookie, { params: off });
    const own = "this is your own account. Ask another Super Admin.";
    expect(await reasons()).toEqual([own, own, own]);
  });

  test(`can of a user agrees with the API for each role and status (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const calls = {
      changeRole: [routes.updateUser, { body: { role: "admin" } }],
      disable: [routes.disableUser, {}],
      enable: [routes.enableUser, {}],
      reset: [routes.createResetLink, {}],
      renew: [routes.renewInvitation, {}],
      delete: [routes.deleteUser, {}],
    } as const;
    for (const status of ["active", "invited", "disabled"] as const) {
      for (const action of routes.USER_ACTIONS) {
        const email = `${status}.${action}@example.com`.toLowerCase();
        const { user } = await world.call(routes.inviteUser, cookie, {
          body: { name: "Grace", email, role: "viewer" },
        });
        const params = { id: user.id };
        if (status !== "invited")
          await world.db.updateTable("user").set({ status }).where("id", "=", user.id).execute();
        const { can } = await world.call(routes.getUser, cookie, { params });
        const [route, request] = calls[action];
        const reply = await attempt(world.fetch, route, cookie, { params, ...request } as object);
        const { allowed, reason } = can[action];
        expect([status, action, reply.status < 300, reply.body.detail]).toEqual([
          status,
          action,
          allowed,
          allowed ? undefined : reason,
        ]);
      }
    }
  });

  test(`a changed user is shown by name where the user created objects, and API keys follow (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const theirs = await world.signedIn("admin");
    const params = { id: await userIdOf(world, "admin@example.com") };
    await world.call(createAssetGroup, theirs, { body: { name: "Web" } });
    const expiresAt = new Date(world.clock.ms + HOUR_MS).toISOString();
    const { value } = await world.call(createApiKey, theirs, {
      body: { name: "Deploy", role: "posture-manager", expiresAt },
    });
    const byKey = async () => {
      const init = { headers: { authorization: `Bearer ${value}` } };
      const reply = await world.fetch(listEnrollmentTokens.path, init);
      return [reply.status, ((await reply.json()) as { detail?: string }).detail];
    };
    const { apiKeys } = await world.call(routes.getUser, cookie, { params });
    expect(apiKeys).toBe(1);
    expect(await byKey()).toEqual([200, undefined]);
    await world.call(routes.disableUser, cookie, { params });
    expect(await byKey()).toEqual([401, "The API key is refused: The admin, who made it, is disabled"]);
    expect((await attempt(world.fetch, getMe, theirs)).status).toBe(401);
    await world.call(routes.enableUser, cookie, { params });
    expect(await byKey()).toEqual([200, undefined]);
    // The session ended.
    expect((await attempt(world.fetch, getMe, theirs)).status).toBe(401);
    await world.call(routes.updateUser, cookie, { params, body: { role: "viewer" } });
    expect((await eventsOf(world, "user.role-changed"))[0]!.details).toMatchObject({
      before: { role: "admin" },
      after: { role: "viewer" },
    });
    await world.call(routes.deleteUser, cookie, { params });
    expect(await byKey()).toEqual([401, "The API key is refused: The admin, who made it, is deleted"]);
    const { items } = await world.call(listAssetGroups, cookie);
    expect(items[0]?.createdBy).toBe("The admin");
    expect((await eventsOf(world, "user.deleted"))[0]!.details.email).toBe("admin@example.com");
    expect((await attempt(world.fetch, routes.getUser, cookie, { params })).status).toBe(404);
    const early = { email: "admin@example.com", password: PASSWORD };
    expect((await attempt(world.fetch, signIn, "", { body: early })).status).toBe(401);
  });
}

test("only Super Admins manage users, and API keys of a Super Admin do not", async () => {
  await using world = await openWorld("sqlite");
  for (const role of ROLES) {
    const cookie = await world.signedIn(role);
    const { status } = await attempt(world.fetch, routes.inviteUser, cookie, {
      body: { ...grace, email: `by.${role}@example.com` },
    });
    expect([role, status]).toEqual([role, role === "super-admin" ? 201 : 403]);
    if (role !== "super-admin") continue;
    const expiresAt = new Date(world.clock.ms + HOUR_MS).toISOString();
    const { value } = await world.call(createApiKey, cookie, { body: { name: "Top", role, expiresAt } });
    const init = { headers: { authorization: `Bearer ${value}` } };
    const reply = await world.fetch(routes.listUsers.path, init);
    expect([reply.status, await reply.text()]).toEqual([
      403,
      expect.stringContaining("Users are managed by users, not by API keys"),
    ]);
  }
});
