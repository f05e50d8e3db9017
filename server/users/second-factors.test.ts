import { expect, test } from "bun:test";
import { getMe, type SecondFactorNeeded, signIn } from "@attacklens/protocol/account.ts";
import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import * as routes from "@attacklens/protocol/two-factor.ts";
import { inTransaction } from "../db/transaction.ts";
import { jsonInit, openWorld, PASSWORD, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { removeSecondFactors } from "./second-factors.ts";
import { totpCode } from "./totp.ts";

const EMAIL = "admin@example.com";
const ATTACKER = "203.0.113.1";
const HOME = "198.51.100.7";

/**
 * An authenticator app. Returns the code of a step after the one at its start, so that a step that ends
 * during the test changes nothing.
 */
function openApp(secret: string) {
  const start = Math.floor(Date.now() / 30_000);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((one) => alphabet.indexOf(one).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return (steps: number) => totpCode(bytes, start + steps);
}

/** Signs in an Admin who adds an app with its first code. */
async function openWithApp(world: World) {
  const cookie = await world.signedIn("admin");
  const { secret, uri } = await world.call(routes.startAuthenticatorApp, cookie);
  expect(uri).toContain(secret);
  const code = openApp(secret);
  const { recoveryCodes } = await world.call(routes.confirmAuthenticatorApp, cookie, {
    body: { code: code(0) },
  });
  return { cookie, code, secret, recoveryCodes };
}

async function firstStep(world: World, address = HOME): Promise<SecondFactorNeeded["secondFactor"]> {
  const init = jsonInit("POST", { email: EMAIL, password: PASSWORD });
  const reply = await world.fetch(signIn.path, init, address);
  expect([reply.status, reply.headers.get("set-cookie")]).toEqual([200, null]);
  return ((await reply.json()) as SecondFactorNeeded).secondFactor;
}

async function secondStep(
  world: Pick<World, "fetch">,
  step: string,
  proof: object,
  address = HOME,
): Promise<Response> {
  return await world.fetch(routes.completeSignIn.path, jsonInit("POST", { step, proof }), address);
}

for (const dialect of TESTED_DIALECTS) {
  test(`signing in needs a code, and each code works once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { cookie, code, secret } = await openWithApp(world);
    const { step, methods } = await firstStep(world);
    expect(methods).toEqual(["code", "recoveryCode"]);
    expect((await secondStep(world, step, { code: code(0) })).status).toBe(401);
    expect((await secondStep(world, step, { code: code(9) })).status).toBe(401);
    const current = code(1);
    // Of two requests with the same code at the same time, one succeeds.
    const both = await Promise.all([1, 2].map(() => secondStep(world, step, { code: current })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    const done = both.find(({ status }) => status === 200)!;
    const signedIn = done.headers.get("set-cookie")!.split(";")[0]!;
    expect((await world.call(getMe, signedIn)).email).toBe(EMAIL);
    expect((await secondStep(world, (await firstStep(world)).step, { code: current })).status).toBe(401);

    const stored = JSON.stringify([
      await world.db.selectFrom("authenticatorApp").selectAll().execute(),
      await world.db.selectFrom("auditEvent").selectAll().execute(),
    ]);
    expect(stored).not.toContain(secret);
    expect(stored).toContain("user.second-factor-added");
    expect(await world.call(routes.getSecondFactors, cookie)).toMatchObject({ unusedRecoveryCodes: 10 });
  });

  test(`recovery codes replace the app, each once, and are stored as hashes (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { cookie, recoveryCodes } = await openWithApp(world);
    const { step } = await firstStep(world);
    const [one = "", two = ""] = recoveryCodes;
    const both = await Promise.all([1, 2].map(() => secondStep(world, step, { recoveryCode: one })));
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    expect((await secondStep(world, step, { recoveryCode: "0000-0000-0000-0000" })).status).toBe(401);
    const rows = JSON.stringify(await world.db.selectFrom("recoveryCode").selectAll().execute());
    for (const code of recoveryCodes) expect(rows).not.toContain(code);
    expect(await world.call(routes.getSecondFactors, cookie)).toMatchObject({ unusedRecoveryCodes: 9 });
    const replaced = await world.call(routes.replaceRecoveryCodes, cookie);
    expect((await secondStep(world, step, { recoveryCode: two })).status).toBe(401);
    expect((await secondStep(world, step, { recoveryCode: replaced.recoveryCodes[0]! })).status).toBe(200);
  });

  test(`a step ends with its time, with a new password, and with the user (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { recoveryCodes } = await openWithApp(world);
    const { step } = await firstStep(world);
    const attempt = async (one: string) =>
      (await secondStep(world, one, { recoveryCode: recoveryCodes[0] })).status;
    expect(await attempt("forged")).toBe(409);
    expect(await attempt(`${step.slice(0, -2)}AA`)).toBe(409);
    await world.db.updateTable("account").set({ password: "another hash" }).execute();
    expect(await attempt(step)).toBe(409);
  });

  test(`an app can be removed after a recent sign-in only, and by those who help the user (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { cookie, code } = await openWithApp(world);
    const again = await world.fetch(
      routes.startAuthenticatorApp.path,
      jsonInit("POST", undefined, { cookie }),
    );
    expect(again.status).toBe(409);
    const age = { createdAt: Date.now() - 20 * 60_000 };
    await world.db.updateTable("session").set(age).execute();
    for (const route of [routes.removeAuthenticatorApp, routes.replaceRecoveryCodes]) {
      const refused = await world.fetch(route.path, jsonInit(route.method, undefined, { cookie }));
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("not-recent")]);
    }
    const done = await secondStep(world, (await firstStep(world)).step, { code: code(1) });
    const signedIn = done.headers.get("set-cookie")!.split(";")[0]!;
    await world.call(routes.removeAuthenticatorApp, signedIn);
    const body = { email: EMAIL, password: PASSWORD };
    const plain = await world.fetch(signIn.path, jsonInit("POST", body));
    expect(await plain.json()).toMatchObject({ email: EMAIL });

    const { secret } = await world.call(routes.startAuthenticatorApp, signedIn);
    // An app whose code was never entered is not needed to sign in.
    expect(await (await world.fetch(signIn.path, jsonInit("POST", body))).json()).toMatchObject({
      email: EMAIL,
    });
    await world.call(routes.confirmAuthenticatorApp, signedIn, { body: { code: openApp(secret)(0) } });
    await firstStep(world);
    const { id } = await world.call(getMe, signedIn);
    await inTransaction(world.db, (tx) => removeSecondFactors(tx, id));
    expect(await (await world.fetch(signIn.path, jsonInit("POST", body))).json()).toMatchObject({
      email: EMAIL,
    });
  });
}

for (const dialect of TESTED_DIALECTS) {
  test(`two servers count guesses of codes together (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { code, recoveryCodes } = await openWithApp(world);
    const second = { fetch: await world.secondFetch() };
    const { step } = await firstStep(world, ATTACKER);
    const guess = async (server: Pick<World, "fetch">, address: string, steps = 9) =>
      (await secondStep(server, step, { code: code(steps) }, address)).status;
    const first = await Promise.all(Array.from({ length: 6 }, () => guess(world, ATTACKER)));
    const rest: number[] = [];
    for (let n = 0; n < 5; n++) rest.push(await guess(second, ATTACKER));
    expect([...first, ...rest]).toEqual([...Array(10).fill(401), 429]);
    const refused = await secondStep(second, step, { code: code(1) }, ATTACKER);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
    // A refused attempt does not count for other addresses.
    const others: number[] = [];
    for (let n = 0; n < 21; n++) others.push(await guess(n % 2 ? second : world, `192.0.2.${n}`));
    expect(others).toEqual([...Array(20).fill(401), 429]);
    const proof = { recoveryCode: recoveryCodes[0] };
    expect((await secondStep(world, step, proof, "192.0.2.99")).status).toBe(200);
    // The window has ended.
    await world.db
      .updateTable("failedAttempt")
      .set({ endsAt: Date.now() - 1 })
      .execute();
    expect(await guess(second, ATTACKER)).toBe(401);
  });
}

test("guesses of codes are limited by address and in total, and the owner can still sign in", async () => {
  await using world = await openWorld("sqlite");
  const { code, recoveryCodes } = await openWithApp(world);
  // An earlier sign-in from home.
  const first = await firstStep(world);
  expect((await secondStep(world, first.step, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
  const { step } = await firstStep(world, ATTACKER);
  const guess = async (address: string) => (await secondStep(world, step, { code: code(9) }, address)).status;
  const fromOne = [];
  for (let n = 0; n < 11; n++) fromOne.push(await guess(ATTACKER));
  expect(fromOne).toEqual([...Array(10).fill(401), 429]);
  const fromMany = [];
  for (let n = 0; n < 21; n++) fromMany.push(await guess(`192.0.2.${n}`));
  expect(fromMany).toEqual([...Array(20).fill(401), 429]);
  // Another place: only a recovery code. From home, the app too.
  expect((await secondStep(world, step, { code: code(1) }, "192.0.2.99")).status).toBe(429);
  expect((await secondStep(world, step, { recoveryCode: recoveryCodes[1] }, "192.0.2.99")).status).toBe(200);
  expect((await secondStep(world, step, { code: code(1) }, HOME)).status).toBe(200);
});

test("where a second factor is required, a user without one can only add one, and API keys are exempt", async () => {
  await using world = await openWorld("sqlite", { requiresSecondFactor: true });
  await world.addUser(EMAIL, "admin");
  const reply = await world.fetch(signIn.path, jsonInit("POST", { email: EMAIL, password: PASSWORD }));
  expect(await reply.json()).toMatchObject({ mustAddSecondFactor: true });
  const cookie = reply.headers.get("set-cookie")!.split(";")[0]!;
  expect(await world.call(getMe, cookie)).toMatchObject({ mustAddSecondFactor: true });
  const refused = await world.fetch(listEnrollmentTokens.path, { headers: { cookie } });
  expect([refused.status, await refused.text()]).toEqual([
    403,
    expect.stringContaining("second-factor-missing"),
  ]);
  expect(await world.call(routes.getSecondFactors, cookie)).toMatchObject({ isRequired: true });
  const { secret } = await world.call(routes.startAuthenticatorApp, cookie);
  await world.call(routes.confirmAuthenticatorApp, cookie, { body: { code: openApp(secret)(0) } });
  expect(await world.call(getMe, cookie)).toMatchObject({ mustAddSecondFactor: false });
  const expiresAt = new Date(world.clock.ms + 86_400_000).toISOString();
  const key = { name: "Deploy", role: "admin" as const, expiresAt };
  const { value } = await world.call(createApiKey, cookie, { body: key });
  await inTransaction(world.db, async (tx) => {
    await removeSecondFactors(tx, (await tx.selectFrom("user").select("id").executeTakeFirstOrThrow()).id);
  });
  const headers = { authorization: `Bearer ${value}` };
  expect((await world.fetch(listEnrollmentTokens.path, { headers })).status).toBe(200);
  expect((await world.fetch(listEnrollmentTokens.path, { headers: { cookie } })).status).toBe(403);
});
