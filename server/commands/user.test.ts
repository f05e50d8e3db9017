// The command on the database of a server, which is running in this test.
import { expect, spyOn, test } from "bun:test";
import { getMe } from "@attacklens/protocol/account.ts";
import { lookUpLink, useLink } from "@attacklens/protocol/one-time-links.ts";
import type { User } from "@attacklens/protocol/users.ts";
import { main } from "../main.ts";
import { attempt, eventsOf } from "../testing/test-users.ts";
import { openWorld, PASSWORD, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { createUser } from "../users/users.ts";

/** Runs the command, and returns its exit code and what it printed. */
async function run(world: World, ...args: string[]) {
  const { dataDir, databaseUrl } = world.location;
  const before = process.env.DATABASE_URL;
  if (databaseUrl) process.env.DATABASE_URL = databaseUrl;
  using out = spyOn(console, "log").mockImplementation(() => {});
  using error = spyOn(console, "error").mockImplementation(() => {});
  try {
    const code = await main(["user", ...args, ...(databaseUrl ? [] : ["--data", dataDir])], []);
    const text = (print: typeof out) => print.mock.calls.map(([line]) => String(line)).join("\n");
    return { code, stdout: text(out), stderr: text(error) };
  } finally {
    if (before === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = before;
  }
}

for (const dialect of TESTED_DIALECTS) {
  test(`user commands change users of a running server, and the audit log names the operator (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    world.clock.ms = Date.now();
    const cookie = await world.signedIn("viewer");
    await world.addUser("ada@example.com", "super-admin");
    const changed = await run(world, "set-role", "VIEWER@example.com", "--role", "admin");
    expect(changed).toEqual({
      code: 0,
      stdout: "Changed viewer@example.com: role admin, status active.",
      stderr: "",
    });
    expect(await world.call(getMe, cookie)).toMatchObject({ role: "admin" });
    expect((await run(world, "disable", "viewer@example.com", "--json")).stdout).toContain('"disabled"');
    expect((await attempt(world.fetch, getMe, cookie)).status).toBe(401);
    const listed = await run(world, "list", "--status", "disabled", "--json");
    expect((JSON.parse(listed.stdout) as User[]).map(({ email }) => email)).toEqual(["viewer@example.com"]);
    expect((await run(world, "enable", "viewer@example.com")).code).toBe(0);

    const address = ["--url", "https://lens.example/"];
    const person = ["--email", "Grace@Example.com", "--name", "Grace", "--role", "admin"];
    const invited = await run(world, "invite", ...person, ...address);
    expect(invited.stdout).toMatch(/^https:\/\/lens\.example\/accept#atl_lnk_\w{49}$/);
    expect(invited.stderr).toContain("send this link to grace@example.com");
    const renewed = await run(world, "reset", "grace@example.com", "--json", ...address);
    const { link } = JSON.parse(renewed.stdout) as { link: { value: string; url: string } };
    expect(link.url).toBe(`https://lens.example/accept#${link.value}`);
    const shown = await attempt(world.fetch, lookUpLink, "", { body: { value: link.value } });
    expect(shown.body).toMatchObject({ email: "grace@example.com", createdBy: null });
    const reset = await run(world, "reset", "viewer@example.com", ...address);
    expect(reset.stdout).toStartWith("https://lens.example/reset#");
    const value = reset.stdout.split("#")[1]!;
    expect((await attempt(world.fetch, useLink, "", { body: { value, password: PASSWORD } })).status).toBe(
      200,
    );
    expect((await run(world, "delete", "grace@example.com")).stdout).toBe("Deleted grace@example.com.");
    const all = await run(world, "list");
    expect(all.stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
      ["EMAIL", "NAME", "ROLE", "STATUS"],
      ["ada@example.com", "The super-admin", "super-admin", "active"],
      ["viewer@example.com", "The viewer", "admin", "active"],
    ]);
    const bob = { name: "Bob", email: "bob@example.com", password: PASSWORD };
    const id = await createUser(world.db, Date.now(), bob, "viewer");
    const created = (await eventsOf(world, "user.created")).find(({ entityId }) => entityId === id);
    expect(created).toMatchObject({ actorType: "system", actorName: "Operator of the server" });
    for (const action of ["user.role-changed", "user.disabled", "user.enabled", "user.reset-link-created"])
      expect(await eventsOf(world, action)).toMatchObject([
        { actorType: "system", actorName: "Operator of the server" },
      ]);
  });

  test(`the command keeps the only active Super Admin, also against another one at the same time (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    for (const n of [1, 2]) await world.addUser(`ada${n}@example.com`, "super-admin");
    const results = await Promise.all(
      [1, 2].map(async (n) => {
        const { deleteUser } = await import("../users/user-changes.ts");
        const { findUserId } = await import("../users/user-list-store.ts");
        const { OPERATOR } = await import("../users/user-rules.ts");
        const id = (await findUserId(world.db, `ada${n}@example.com`))!;
        return await deleteUser(world.db, Date.now(), OPERATOR, id).then(
          () => "deleted",
          ({ code }) => code,
        );
      }),
    );
    expect(results.toSorted()).toEqual(["deleted", "state-conflict"]);
    const [left] = JSON.parse((await run(world, "list", "--json")).stdout) as User[];
    for (const args of [["disable"], ["delete"], ["set-role", "--role", "viewer"]]) {
      const [verb, ...flags] = args;
      const refused = await run(world, verb!, left!.email, ...flags);
      expect(refused).toMatchObject({ code: 6, stdout: "" });
      expect(refused.stderr).toContain("this is the only active Super Admin");
    }
  });
}

test("wrong arguments of the user command are explained, and change nothing", async () => {
  await using world = await openWorld("sqlite");
  await world.addUser("ada@example.com", "super-admin");
  const person = ["--email", "grace@example.com", "--name", "Grace"];
  const cases: [string[], number, string][] = [
    [["bogus"], 2, 'There is no command "user bogus"'],
    [["list", "--role", "root"], 2, "--role must be one of viewer, posture-manager, admin, super-admin"],
    [["list", "--url", "x"], 2, "user list has no option --url"],
    [["disable"], 2, "Give one user, by email or by id"],
    [["disable", "no@example.com"], 5, 'There is no user "no@example.com"'],
    [["invite", ...person], 2, "--role is required"],
    [["invite", ...person, "--role", "viewer", "--url", "ftp://x"], 2, "--url must be the address"],
    [["invite", "--email", "grace", "--name", "G", "--role", "viewer"], 2, "--email: must be an email"],
    [["invite", "--email", "ada@example.com", "--name", "A", "--role", "viewer"], 6, "email already belongs"],
  ];
  for (const [args, code, message] of cases) {
    const result = await run(world, ...args);
    expect([args, result.code, result.stdout]).toEqual([args, code, ""]);
    expect(result.stderr).toStartWith(`attacklens: ${message}`);
  }
  expect(await world.db.selectFrom("user").select("email").execute()).toEqual([{ email: "ada@example.com" }]);
});
