// The replies of a browser are in tests/e2e/account.test.ts, with the virtual authenticator of Chromium.
import { expect, test } from "bun:test";
import * as routes from "@attacklens/protocol/passkeys.ts";
import { routePath } from "@attacklens/protocol/route.ts";
import { jsonInit, openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { openPasskeys } from "./passkeys.ts";

const SECRET = "a secret of the tests, 32 or more characters";

for (const dialect of TESTED_DIALECTS) {
  test(`forged, foreign and late replies are refused (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    await world.signedIn("viewer");
    const { id } = await world.db.selectFrom("user").select("id").executeTakeFirstOrThrow();
    const user = {
      ...{ id, name: "Vera", email: "viewer@example.com", role: "viewer" as const },
      session: { id: "ses_1", isRecent: true },
    };
    const clock = { ms: Date.now() };
    const open = (secret = SECRET) =>
      openPasskeys(world.db, { secret, publicUrl: "https://lens.example", now: () => clock.ms });
    const passkeys = open();
    const { step, host, options } = await passkeys.startAdding(user);
    expect([host, options]).toMatchObject([
      "lens.example",
      { rp: { id: "lens.example" }, authenticatorSelection: { userVerification: "required" } },
    ]);
    const response = { id: "AAAA", response: {} };
    await expect(passkeys.add(user, step, "Laptop", response)).rejects.toThrow("input-invalid");
    // A step of another user, of another kind, of another installation, and a late one.
    const other = { ...user, id: "usr_2" };
    await expect(passkeys.add(other, step, "Laptop", response)).rejects.toThrow("state-conflict");
    const signingIn = await passkeys.startUsing();
    await expect(passkeys.add(user, signingIn.step, "Laptop", response)).rejects.toThrow("state-conflict");
    await expect(open(`${SECRET}!`).add(user, step, "Laptop", response)).rejects.toThrow("state-conflict");
    clock.ms += 5 * 60_000;
    await expect(passkeys.add(user, step, "Laptop", response)).rejects.toThrow("state-conflict");
    expect(await passkeys.findUser(signingIn.step, response)).toBeUndefined();
    expect(await passkeys.list(user)).toEqual({ items: [] });
  });
}

test("passkeys need HTTPS and a host name, and the refusal says so", async () => {
  await using world = await openWorld("sqlite");
  const refusalAt = async (publicUrl: string) => {
    const passkeys = openPasskeys(world.db, { secret: SECRET, publicUrl, now: Date.now });
    return await passkeys.startUsing().then(
      () => "possible",
      (error: Error) => error.message,
    );
  };
  expect(await refusalAt("https://192.0.2.1:8443")).toContain("need a host name");
  expect(await refusalAt("https://[2001:db8::1]")).toContain("need a host name");
  expect(await refusalAt("http://lens.example")).toContain("need HTTPS");
  expect(await refusalAt("http://localhost:8080")).toBe("possible");
  expect(await refusalAt("https://lens.example")).toBe("possible");
});

test("guesses with passkeys are limited, and a passkey of another user does not exist", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("viewer");
  const body = { step: "forged", response: { id: "AAAA", response: {} } };
  const statuses = [];
  for (let n = 0; n < 11; n++)
    statuses.push(
      (await world.fetch(routes.signInWithPasskey.path, jsonInit("POST", body), "203.0.113.1")).status,
    );
  expect(statuses).toEqual([...Array(10).fill(401), 429]);
  const id = "pky_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";
  const remove = jsonInit("DELETE", undefined, { cookie });
  expect((await world.fetch(routePath(routes.removePasskey, { id }), remove)).status).toBe(404);
});
