import { expect, test } from "bun:test";
import { getMe, signIn } from "@attacklens/protocol/account.ts";
import { lookUpLink, useLink } from "@attacklens/protocol/one-time-links.ts";
import type { Role } from "@attacklens/protocol/permissions.ts";
import { formatTokenValue, LINK_PREFIX } from "@attacklens/protocol/token-value.ts";
import * as routes from "@attacklens/protocol/users.ts";
import { verifyChain } from "../audit/verify-chain.ts";
import { atTheSameTime, attempt, eventsOf, userIdOf } from "../testing/test-users.ts";
import { drawDialects, jsonInit, openWorld, PASSWORD, TESTED_DIALECTS } from "../testing/test-world.ts";

const HOUR_MS = 3_600_000;
const grace = { name: "Grace Hopper", email: "grace@example.com", role: "posture-manager" as Role };

for (const dialect of TESTED_DIALECTS) {
  test(`an invited user accepts once, also with simultaneous requests, and is signed in (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const { user, link } = await world.call(routes.inviteUser, cookie, { body: grace });
    expect(user).toMatchObject({ ...grace, status: "invited", lastSignInAt: null });
    expect(Date.parse(user.invitationExpiresAt!) - world.clock.ms).toBe(7 * 24 * HOUR_MS);
    expect(link.value).toMatch(/^atl_lnk_[0-9A-Za-z]{49}$/);
    const { value } = link;
    const early = { email: grace.email, password: PASSWORD };
    expect((await attempt(world.fetch, signIn, "", { body: early })).status).toBe(401);

    const shown = await attempt(world.fetch, lookUpLink, "", { body: { value } });
    expect(shown.body).toMatchObject({ ...grace, purpose: "invitation", createdBy: "The super-admin" });
    const weak = await attempt(world.fetch, useLink, "", { body: { value, password: "grace hopper 1" } });
    expect([weak.status, Object.keys(weak.body.fields)]).toEqual([422, ["password"]]);
    const body = { value, name: "Grace M. Hopper", password: PASSWORD };
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    const replies = await atTheSameTime(
      world,
      [world.fetch, second, world.fetch].map((fetch) => () => fetch(useLink.path, jsonInit("POST", body))),
    );
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 403, 403]);
    const accepted = replies.find(({ status }) => status === 200)!;
    const own = accepted.headers.get("set-cookie")!.split(";")[0]!;
    expect(await world.call(getMe, own)).toMatchObject({ name: "Grace M. Hopper", role: grace.role });
    const late = await attempt(world.fetch, lookUpLink, "", { body: { value } });
    expect([late.status, late.body.code, late.body.detail]).toEqual([
      403,
      "link-invalid",
      "This invitation was already used. Sign in with the password that was set with it.",
    ]);
    const listed = await world.call(routes.getUser, cookie, { params: { id: user.id } });
    expect(listed).toMatchObject({ status: "active", invitationExpiresAt: null });
    expect(listed.lastSignInAt).not.toBeNull();

    const [event] = await eventsOf(world, "user.invited");
    expect(event).toMatchObject({
      actorName: "The super-admin",
      entityId: user.id,
      details: { role: grace.role, valueShownTo: "The super-admin" },
    });
    expect((await eventsOf(world, "user.invitation-accepted"))[0]).toMatchObject({ actorId: user.id });
    const stored = [
      await world.db.selectFrom("auditEvent").selectAll().execute(),
      await world.db.selectFrom("oneTimeLink").selectAll().execute(),
    ];
    expect(JSON.stringify(stored)).not.toContain(value);
    expect((await verifyChain(world.db)).findings).toEqual([]);
  });
}

// The queries are those of the test above.
for (const dialect of drawDialects()) {
  test(`a link ends by its expiry, a later link, a withdrawal or a disabled user (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const refusal = async (value: string) => {
      const body = { value, password: PASSWORD };
      const [looked, used] = [
        await attempt(world.fetch, lookUpLink, "", { body: { value } }),
        await attempt(world.fetch, useLink, "", { body }),
      ];
      expect(looked.body.detail).toBe(used.body.detail);
      return [used.status, used.body.detail];
    };
    const first = await world.call(routes.inviteUser, cookie, { body: grace });
    const params = { id: first.user.id };
    const renewed = await world.call(routes.renewInvitation, cookie, { params });
    const outdated = "no longer valid. Use the latest link that you received, or ask a Super Admin.";
    expect(await refusal(first.link.value)).toEqual([403, `This invitation is ${outdated}`]);
    world.clock.ms += 7 * 24 * HOUR_MS;
    expect(await refusal(renewed.link.value)).toEqual([
      403,
      "This invitation has expired. Ask a Super Admin to create a new one.",
    ]);
    const again = await world.call(routes.renewInvitation, cookie, { params });
    await world.call(routes.deleteUser, cookie, { params });
    expect(await refusal(again.link.value)).toEqual([403, `This invitation is ${outdated}`]);
    expect((await world.call(routes.listUsers, cookie)).items.map(({ email }) => email)).toEqual([
      "super-admin@example.com",
    ]);
    // The email is free again.
    await world.call(routes.inviteUser, cookie, { body: grace });

    await world.signedIn("viewer");
    const viewer = { id: await userIdOf(world, "viewer@example.com") };
    const reset = await world.call(routes.createResetLink, cookie, { params: viewer });
    expect(Date.parse(reset.link.expiresAt) - world.clock.ms).toBe(24 * HOUR_MS);
    await world.call(routes.disableUser, cookie, { params: viewer });
    expect(await refusal(reset.link.value)).toEqual([403, `This reset link is ${outdated}`]);
  });

  test(`a reset link sets a new password, and ends the sessions of the user (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const old = await world.signedIn("viewer");
    const params = { id: await userIdOf(world, "viewer@example.com") };
    const { link } = await world.call(routes.createResetLink, cookie, { params });
    expect(await world.call(getMe, old)).toMatchObject({ role: "viewer" });
    const password = "seven quiet lamps 19";
    const used = await attempt(world.fetch, useLink, "", { body: { value: link.value, password } });
    expect(used).toMatchObject({ status: 200, body: { email: "viewer@example.com" } });
    expect((await attempt(world.fetch, getMe, old)).status).toBe(401);
    const signInWith = async (password: string) =>
      (await attempt(world.fetch, signIn, "", { body: { email: "viewer@example.com", password } })).status;
    expect([await signInWith(PASSWORD), await signInWith(password)]).toEqual([401, 200]);
    expect((await eventsOf(world, "user.password-reset"))[0]).toMatchObject({ actorId: params.id });
  });

  test(`an invitation request that is repeated creates one user with a new link (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("super-admin");
    const invite = async () => {
      const headers = { cookie, "idempotency-key": '"one-key"' };
      const reply = await world.fetch(routes.inviteUser.path, jsonInit("POST", grace, headers));
      return (await reply.json()) as { user: { id: string }; link: { value: string } };
    };
    const [one, two] = [await invite(), await invite()];
    expect(two.user.id).toBe(one.user.id);
    expect(two.link.value).not.toBe(one.link.value);
    const looked = async ({ link }: typeof one) =>
      (await attempt(world.fetch, lookUpLink, "", { body: { value: link.value } })).status;
    expect([await looked(one), await looked(two)]).toEqual([403, 200]);
  });
}

test("unknown links are limited by network, and a mistyped one is refused without a query", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("super-admin");
  const { link } = await world.call(routes.inviteUser, cookie, { body: grace });
  const look = async (value: string, address: string) =>
    (await attempt(world.fetch, lookUpLink, "", { body: { value } }, address)).status;
  const unknown = formatTokenValue(new Uint8Array(32), LINK_PREFIX);
  const statuses = [];
  for (let n = 0; n < 12; n++) statuses.push(await look(unknown, `2001:db8:1:${n}::1`));
  expect(statuses).toEqual([...Array(10).fill(403), 429, 429]);
  expect(await look(unknown.slice(0, -1), "2001:db8:1::1")).toBe(403);
  expect(await look(link.value, "2001:db8:1::1")).toBe(200);
});
