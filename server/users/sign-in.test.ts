import { expect, test } from "bun:test";
import { signIn } from "@attacklens/protocol/account.ts";
import { jsonInit, openWorld, PASSWORD, type World } from "../test-world.ts";

const GUESSER = "203.0.113.1";
const HOME = "198.51.100.7";

async function attempt(
  world: World,
  address: string,
  { email = "viewer@example.com", password = "wrong", headers = {} } = {},
): Promise<number> {
  const init = jsonInit("POST", { email, password }, headers);
  return (await world.fetch(signIn.path, init, address)).status;
}

test("a hundred guesses at once are ten tries", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  const statuses = await Promise.all(Array.from({ length: 100 }, () => attempt(world, GUESSER)));
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(90);
});

test("who guesses a password does not lock its owner out at another address", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  for (let tries = 0; tries < 10; tries++) expect(await attempt(world, GUESSER)).toBe(401);
  expect(await attempt(world, GUESSER, { password: PASSWORD })).toBe(429);
  expect(await attempt(world, HOME, { password: PASSWORD })).toBe(200);
  const flood = Array.from({ length: 300 }, (_, n) =>
    attempt(world, GUESSER, { email: `u${n}@example.com` }),
  );
  expect(await attempt(world, HOME, { password: PASSWORD })).toBe(200);
  expect(new Set(await Promise.all(flood))).toEqual(new Set([401, 429]));
});

test("one address has a hundred failures, whatever the e-mails; an IPv6 network is one address", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  for (let tries = 0; tries < 100; tries++) {
    const email = `u${tries}@example.com`;
    expect(await attempt(world, `2001:db8:1:2::${tries + 1}`, { email })).toBe(401);
  }
  expect(await attempt(world, "2001:db8:1:2:ffff::1", { password: PASSWORD })).toBe(429);
  expect(await attempt(world, "2001:db8:1:3::1", { password: PASSWORD })).toBe(200);
}, 30_000);

test("behind a proxy on this machine, who it speaks for counts, and what they wrote before it does not", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
  for (let tries = 0; tries < 10; tries++)
    expect(await attempt(world, "127.0.0.1", from(`10.0.0.${tries}, ${GUESSER}`))).toBe(401);
  expect(await attempt(world, "127.0.0.1", from(GUESSER))).toBe(429);
  expect(await attempt(world, "127.0.0.1", { password: PASSWORD, ...from(HOME) })).toBe(200);
});

test("what a client elsewhere writes about its address does not count", async () => {
  await using world = await openWorld("sqlite");
  for (let tries = 0; tries <= 10; tries++) {
    const headers = {
      "x-forwarded-for": `10.0.0.${tries}`,
      "x-attacklens-client-address": `10.0.0.${tries}`,
    };
    expect(await attempt(world, GUESSER, { headers })).toBe(tries < 10 ? 401 : 429);
  }
});

test("signing in is no failure, however often", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  for (let tries = 0; tries < 12; tries++)
    expect(await attempt(world, HOME, { password: PASSWORD })).toBe(200);
});
