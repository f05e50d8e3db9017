import { expect, test } from "bun:test";
import { signIn } from "@attacklens/protocol/account.ts";
import {
  createTestDatabase,
  jsonInit,
  openWorld,
  PASSWORD,
  TESTED_DIALECTS,
  type World,
} from "../testing/test-world.ts";
import { openSignInAddresses, rememberSignInAddress } from "./sign-in-addresses.ts";

const GUESSER = "203.0.113.1";
const HOME = "198.51.100.7";

/** Their hashes are cheap to check. A guess for an unknown email costs as much CPU as in production. */
async function addUsers(world: World, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await world.addUser(`u${n}@example.com`, "viewer");
}

async function attempt(
  world: World,
  address: string,
  { email = "viewer@example.com", password = "wrong", headers = {} } = {},
): Promise<number> {
  const init = jsonInit("POST", { email, password }, headers);
  return (await world.fetch(signIn.path, init, address)).status;
}

test("of a hundred simultaneous guesses, ten are checked and the rest are refused", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  const statuses = await Promise.all(Array.from({ length: 100 }, () => attempt(world, GUESSER)));
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(90);
});

test("guesses from one address do not lock the user out at another address", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  await addUsers(world, 300);
  for (let tries = 0; tries < 10; tries++) expect(await attempt(world, GUESSER)).toBe(401);
  expect(await attempt(world, GUESSER, { password: PASSWORD })).toBe(429);
  expect(await attempt(world, HOME, { password: PASSWORD })).toBe(200);
  const flood = Array.from({ length: 300 }, (_, n) =>
    attempt(world, GUESSER, { email: `u${n}@example.com` }),
  );
  expect(await attempt(world, HOME, { password: PASSWORD })).toBe(200);
  expect(new Set(await Promise.all(flood))).toEqual(new Set([401, 429]));
});

test("one address may fail a hundred times across all emails; an IPv6 /64 counts as one address", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  await addUsers(world, 100);
  for (let tries = 0; tries < 100; tries++) {
    const email = `u${tries}@example.com`;
    expect(await attempt(world, `2001:db8:1:2::${tries + 1}`, { email })).toBe(401);
  }
  expect(await attempt(world, "2001:db8:1:2:ffff::1", { password: PASSWORD })).toBe(429);
  expect(await attempt(world, "2001:db8:1:3::1", { password: PASSWORD })).toBe(200);
}, 120_000);

test("an IPv6 /48 has a limit of failures, which does not apply to known addresses in it", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  await addUsers(world, 10);
  const home = "2001:db8:5:ffff::1";
  expect(await attempt(world, home, { password: PASSWORD })).toBe(200);
  const statuses: number[] = [];
  for (let tries = 0; tries < 210; tries += 10) {
    const guesses = Array.from({ length: 10 }, (_, n) =>
      attempt(world, `2001:db8:5:${tries + n}::1`, { email: `u${n}@example.com` }),
    );
    statuses.push(...(await Promise.all(guesses)));
  }
  expect(statuses.filter((status) => status === 401)).toHaveLength(200);
  expect(await attempt(world, "2001:db8:5:eeee::1", { password: PASSWORD })).toBe(429);
  expect(await attempt(world, home, { password: PASSWORD })).toBe(200);
  expect(await attempt(world, "2001:db8:6::1", { password: PASSWORD })).toBe(200);
}, 120_000);

test("address headers from a client are ignored, also from the server's host", async () => {
  await using world = await openWorld("sqlite");
  for (const address of [GUESSER, "127.0.0.1", "::1"]) {
    for (let tries = 0; tries <= 10; tries++) {
      const headers = {
        "x-forwarded-for": `10.0.0.${tries}`,
        "x-attacklens-client-address": `10.0.0.${tries}`,
      };
      expect(await attempt(world, address, { headers })).toBe(tries < 10 ? 401 : 429);
    }
  }
});

for (const dialect of TESTED_DIALECTS) {
  test(`the session and the known addresses store the client's address (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    await world.signedIn("viewer");
    const spoofed = {
      "x-forwarded-for": "10.9.9.9",
      "x-real-ip": "10.9.9.9",
      "x-attacklens-client-address": "10.9.9.9",
    };
    for (const address of [HOME, "2001:db8:1:2::7"])
      expect(await attempt(world, address, { password: PASSWORD, headers: spoofed })).toBe(200);
    const sessions = await world.db.selectFrom("session").select("ipAddress").orderBy("createdAt").execute();
    expect(sessions.map(({ ipAddress }) => ipAddress).slice(1)).toEqual([
      HOME,
      expect.stringMatching(/^2001:0?db8:0*1:0*2:.*7$/),
    ]);
    const addresses = await world.db.selectFrom("signInAddress").select("address").execute();
    expect(addresses.map(({ address }) => address).toSorted()).toEqual([
      "127.0.0.1",
      HOME,
      "2001:db8:1:2::/64",
    ]);
  });

  test(`known addresses persist across a restart, and their number is limited (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const at = Date.parse("2026-11-24T09:00:00.000Z");
    await rememberSignInAddress(db, HOME, at);
    await rememberSignInAddress(db, GUESSER, at - 91 * 86_400_000);
    const known = openSignInAddresses(await database.reopen(), () => at);
    expect([await known.isKnown(HOME), await known.isKnown(GUESSER)]).toEqual([true, false]);
    const crowd = Array.from({ length: 10_000 }, (_, n) => ({
      address: `10.0.${n >> 8}.${n & 255}`,
      signedInAt: at + 1 + n,
    }));
    for (let from = 0; from < crowd.length; from += 1_000)
      await db
        .insertInto("signInAddress")
        .values(crowd.slice(from, from + 1_000))
        .execute();
    await rememberSignInAddress(db, HOME, at + 20_000);
    const { count } = await db
      .selectFrom("signInAddress")
      .select((eb) => eb.fn.countAll().as("count"))
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBe(10_000);
    const later = openSignInAddresses(db, () => at + 30_000);
    expect([await later.isKnown(HOME), await later.isKnown("10.0.0.0")]).toEqual([true, false]);
  });
}

test("successful sign-ins never count as failures", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  for (let tries = 0; tries < 12; tries++)
    expect(await attempt(world, HOME, { password: PASSWORD })).toBe(200);
});
