import { expect, test } from "bun:test";
import { completeSetup, getMe, signIn } from "@attacklens/protocol/account.ts";
import { eventsOf, userIdOf } from "../testing/test-users.ts";
import { jsonInit, openWorld, PASSWORD, TESTED_DIALECTS } from "../testing/test-world.ts";
import { hashPassword } from "./password.ts";
import { countAttempts } from "./rate-limit.ts";
import { issueSetupCode } from "./set-up.ts";
import { openSignIn } from "./sign-in.ts";
import { setPasswordHash } from "./users-store.ts";

const ada = { name: "Ada", email: "ada@example.com", password: PASSWORD };

function signedInOnly<T extends object>(result: T): Exclude<T, { step: string }> {
  if ("step" in result) throw new Error("the user has a second factor");
  return result as Exclude<T, { step: string }>;
}

for (const dialect of TESTED_DIALECTS) {
  test(`simultaneous requests with the set-up code create exactly one Super Admin (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const code = await issueSetupCode(world.services, world.clock.ms);
    const post = (body: object) => world.fetch(completeSetup.path, jsonInit("POST", { ...ada, ...body }));
    expect((await post({ code: "guessed" })).status).toBe(403);
    const answers = await Promise.all([1, 2, 3].map((n) => post({ code, email: `ada${n}@example.com` })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403]);
    expect((await post({ code, email: "eve@example.com" })).status).toBe(403);
    expect(await world.db.selectFrom("user").select("role").execute()).toEqual([{ role: "super-admin" }]);
    expect(await issueSetupCode(world.services, world.clock.ms)).toBeUndefined();
  });

  test(`servers that start together, and later starts, print one set-up link, which works once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const other = await world.secondServer();
    const start = ({ services }: Pick<typeof other, "services">) => issueSetupCode(services, world.clock.ms);
    // Two connections of one process to SQLite would block each other.
    const codes =
      dialect === "postgres"
        ? await Promise.all([start(world), start(other)])
        : [await start(world), await start(other)];
    codes.push(await start(world));
    expect(new Set(codes).size).toBe(1);
    const post = (fetch: typeof other.fetch, email: string) =>
      fetch(completeSetup.path, jsonInit("POST", { ...ada, email, code: codes[1] }));
    const replies = await Promise.all([
      post(world.fetch, "ada@example.com"),
      post(other.fetch, "eve@example.com"),
    ]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, 403]);
    expect(await start(other)).toBeUndefined();
    // Each showing of the link is an event.
    const shown = world.db.selectFrom("auditEvent").select(["action", "actorType", "at"]);
    expect(await shown.where("entityType", "=", "setup-link").execute()).toEqual(
      codes.map(() => ({ action: "setup-link.shown", actorType: "system", at: world.clock.ms })),
    );
  });

  test(`wrong set-up codes are refused first and limited per network, and the right code still works (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const code = await issueSetupCode(world.services, world.clock.ms);
    const post = async (body: object, address: string) =>
      (await world.fetch(completeSetup.path, jsonInit("POST", { ...ada, ...body }), address)).status;
    // The password is checked only with the right code.
    const wrong = { code: "guessed", password: "aaaaaaaaaaaaaaaa" };
    const guesses = Array.from({ length: 12 }, (_, n) => post(wrong, `2001:db8:1:${n}::1`));
    const statuses = await Promise.all(guesses);
    expect(statuses.filter((status) => status === 403)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    expect(await post(wrong, "203.0.113.1")).toBe(403);
    expect(await post({ ...wrong, code }, "2001:db8:1::1")).toBe(422);
    expect(await post({ code }, "2001:db8:1::1")).toBe(201);
  });

  test(`wrong set-up codes are also limited across all addresses (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const code = await issueSetupCode(world.services, world.clock.ms);
    const post = async (code: string, address: string) =>
      (await world.fetch(completeSetup.path, jsonInit("POST", { ...ada, code }), address)).status;
    const statuses: number[] = [];
    for (let n = 0; n < 1_001; n++) statuses.push(await post("guessed", `10.0.${n >> 8}.${n & 255}`));
    expect(statuses.slice(0, 1_000).every((status) => status === 403)).toBe(true);
    expect(statuses[1_000]).toBe(429);
    expect(await post(code!, "203.0.113.1")).toBe(201);
  });

  test(`the database has no session token, password or set-up code in plain text (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const code = await issueSetupCode(world.services, world.clock.ms);
    const waiting = await world.db.selectFrom("setting").selectAll().execute();
    expect(JSON.stringify(waiting)).not.toContain(code!);
    const reply = await world.fetch(completeSetup.path, jsonInit("POST", { ...ada, code }));
    const cookie = reply.headers.get("set-cookie")!;
    const token = cookie.slice(cookie.indexOf("=") + 1).split(".")[0]!;
    const tables = [
      await world.db.selectFrom("session").selectAll().execute(),
      await world.db.selectFrom("account").selectAll().execute(),
      await world.db.selectFrom("auditEvent").selectAll().execute(),
    ];
    expect(token.length).toBeGreaterThan(20);
    expect(JSON.stringify(tables)).not.toContain(token);
    expect(JSON.stringify(tables)).not.toContain(PASSWORD);
  });

  test(`signing out ends the session on the server, not only in the browser (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    expect((await world.call(getMe, cookie)).role).toBe("viewer");
    expect((await world.fetch(signIn.path, { method: "DELETE", headers: { cookie } })).status).toBe(204);
    expect((await world.fetch(getMe.path, { headers: { cookie } })).status).toBe(401);
  });

  test(`a changed role or a disabled user takes effect at the next request (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    await world.db.updateTable("user").set({ role: "admin" }).execute();
    expect((await world.call(getMe, cookie)).role).toBe("admin");
    await world.db.updateTable("user").set({ status: "disabled" }).execute();
    expect((await world.fetch(getMe.path, { headers: { cookie } })).status).toBe(401);
    const refused = await world.fetch(
      signIn.path,
      jsonInit("POST", { email: "viewer@example.com", password: PASSWORD }),
    );
    expect(refused.status).toBe(401);
  });

  test(`an expired session is refused (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    await world.db
      .updateTable("session")
      .set({ expiresAt: Date.now() - 1 })
      .execute();
    expect((await world.fetch(getMe.path, { headers: { cookie } })).status).toBe(401);
  });

  test(`a session ends after 30 days, even while it is in use (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    const day = 86_400_000;
    const startedAgo = (ms: number) =>
      world.db
        .updateTable("session")
        .set({ createdAt: Date.now() - ms, expiresAt: Date.now() + day })
        .execute();
    await startedAgo(30 * day - 60_000);
    expect((await world.call(getMe, cookie)).role).toBe("viewer");
    await startedAgo(30 * day);
    expect((await world.fetch(getMe.path, { headers: { cookie } })).status).toBe(401);
    expect(await world.db.selectFrom("session").select("id").execute()).toEqual([]);
  });

  test(`the session cookie has the prefix __Host- with HTTPS, and not with HTTP (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    await world.signedIn("viewer");
    const client = { headers: new Headers(), address: "127.0.0.1" };
    const open = (publicUrl: string, secure: boolean) =>
      openSignIn(world.db, {
        secret: "a secret of the tests, 32 or more characters",
        publicUrl,
        secure,
        now: Date.now,
      });
    const secure = open("https://lens.example", true);
    const { cookies } = signedInOnly(await secure.signIn("viewer@example.com", PASSWORD, client));
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toStartWith("__Host-attacklens.session_token=");
    expect(cookies[0]).toMatch(/; Path=\/(;|$)/);
    expect(cookies[0]).toMatch(/; Secure(;|$)/);
    expect(cookies[0]).toMatch(/; HttpOnly(;|$)/);
    expect(cookies[0]).not.toMatch(/domain/i);
    const value = cookies[0]!.slice(0, cookies[0]!.indexOf(";"));
    const { user } = (await secure.findSession({ ...client, headers: new Headers({ cookie: value }) }))!;
    expect(user.role).toBe("viewer");
    // A cookie that another host or plain HTTP could have set is ignored.
    const bare = value.slice("__Host-".length);
    for (const cookie of [bare, `__Secure-${bare}`])
      expect(await secure.findSession({ ...client, headers: new Headers({ cookie }) })).toBeUndefined();
    const ended = await secure.signOut(user, new Headers({ cookie: value }));
    for (const cookie of ended) expect(cookie).toMatch(/^__Host-.*; Path=\/.*Secure/);

    const plain = signedInOnly(
      await open("http://127.0.0.1:8080", false).signIn("viewer@example.com", PASSWORD, client),
    );
    expect(plain.cookies[0]).toStartWith("attacklens.session_token=");
    expect(plain.cookies[0]).not.toContain("Secure");
  });
}

for (const dialect of TESTED_DIALECTS) {
  test(`a sign-in with the old password does not outlast a change of it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    await world.addUser("old@example.com", "viewer");
    const id = await userIdOf(world, "old@example.com");
    const attempts = countAttempts(Date.now);
    const signIn = openSignIn(world.db, {
      secret: "a secret of the tests, 32 or more characters",
      publicUrl: "http://127.0.0.1:8080",
      secure: false,
      now: Date.now,
      attempts: {
        ...attempts,
        // Between the check of the password and the start of the session.
        async end(keys, outcome) {
          await attempts.end(keys, outcome);
          await setPasswordHash(world.db, id, await hashPassword("another long password"), Date.now());
        },
      },
    });
    const client = { headers: new Headers(), address: "127.0.0.1" };
    await expect(signIn.signIn("old@example.com", PASSWORD, client)).rejects.toThrow("was changed");
    expect(await world.db.selectFrom("session").select("id").execute()).toEqual([]);
    expect(await eventsOf(world, "user.signed-in")).toEqual([]);
  });
}

test("a password that is easy to guess is refused, and the problem names the field", async () => {
  await using world = await openWorld("sqlite");
  const code = await issueSetupCode(world.services, world.clock.ms);
  for (const password of ["short", "password1234", "ada@example.com", "aaaaaaaaaaaaaaaa", "attacklens2026"]) {
    const response = await world.fetch(completeSetup.path, jsonInit("POST", { ...ada, code, password }));
    expect([password, response.status]).toEqual([password, 422]);
    expect(await response.json()).toMatchObject({ fields: { password: expect.any(String) } });
  }
});

test("the set-up accepts a password of the maximum length", async () => {
  await using world = await openWorld("sqlite");
  const code = await issueSetupCode(world.services, world.clock.ms);
  const password = "violet tractor swims 42 ".repeat(9).slice(0, 200);
  expect((await world.fetch(completeSetup.path, jsonInit("POST", { ...ada, code, password }))).status).toBe(
    201,
  );
});

test("password guesses are limited, and a wrong email gets the same reply as a wrong password", async () => {
  await using world = await openWorld("sqlite");
  await world.signedIn("viewer");
  const attempt = async (email: string) => {
    const response = await world.fetch(signIn.path, jsonInit("POST", { email, password: "wrong" }));
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      text: await response.text(),
    };
  };
  const strip = (text: string) => text.replace(/"requestId":"[^"]+"/, "");
  const [known, unknown] = [await attempt("viewer@example.com"), await attempt("unknown@example.com")];
  expect(strip(known.text)).toBe(strip(unknown.text));
  for (let tries = 1; tries < 10; tries++) expect((await attempt("viewer@example.com")).status).toBe(401);
  const limited = await attempt("viewer@example.com");
  expect(limited.status).toBe(429);
  expect(Number(limited.retryAfter)).toBeGreaterThan(60);
});
