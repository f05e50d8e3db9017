import { expect, test } from "bun:test";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { label } from "@attacklens/protocol/text.ts";
import { sql } from "kysely";
import { signInAddressesAndNames } from "./db/migrations/0014-sign-in-addresses-and-names.ts";
import { nameKey } from "./ids.ts";
import { createTestDatabase, jsonInit, openWorld, TESTED_DIALECTS } from "./testing/test-world.ts";

/**
 * Zero-width space and joiner, soft hyphen, variation selector, filler, combining joiner, tag, unassigned but
 * ignorable.
 */
const IGNORED = [..."\u200b\u200d\u00ad\ufe0f\u3164\u034f\u{e0041}\u2065\ufff0"];

test("names that look equal have equal keys", () => {
  for (const ignored of IGNORED)
    for (const name of [`Web${ignored} Servers`, `${ignored}web servers`, `WEB SERVERS ${ignored}`])
      expect([name, nameKey(name)]).toEqual([name, "web servers"]);
  expect(nameKey("caf\u0065\u200b\u0301")).toBe(nameKey("CAF\u00c9"));
  for (const name of ["\u0130stanbul", "\u1e9e", "\u212a", "\ufb01n", "\u3164a"])
    expect(nameKey(nameKey(name))).toBe(nameKey(name));
});

test("a name of only ignorable characters is invalid", () => {
  for (const ignored of IGNORED)
    expect([ignored, label.safeParse(ignored).success]).toEqual([ignored, false]);
});

for (const dialect of TESTED_DIALECTS) {
  test(`a name that differs only in invisible characters is taken, and search ignores these characters (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const create = async (name: string) =>
      (await world.fetch(createAssetGroup.path, jsonInit("POST", { name }, { cookie }))).status;
    expect(await create("Web\u200bServers")).toBe(201);
    for (const ignored of IGNORED) expect(await create(`web${ignored}servers`)).toBe(409);
    for (const q of ["webserv", "web\u00adserv"])
      expect((await world.call(listAssetGroups, cookie, { query: { q } })).total).toBe(1);
  });

  test(`the migration updates the keys of existing names, and keeps two names that look equal (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await sql`drop table sign_in_address`.execute(db);
    const user = {
      email: "ada@example.com",
      emailVerified: 0,
      image: null,
      role: "admin",
      lastSignInAt: null,
    };
    await db
      .insertInto("user")
      .values({ ...user, id: "ada", name: "Ada", status: "active", createdAt: 1, updatedAt: 1 })
      .execute();
    const group = (id: string, name: string) => ({
      id,
      name,
      nameKey: name.normalize("NFKC").toLowerCase(),
      createdAt: 1,
      createdBy: "ada",
      deletedAt: null,
      assets: 0,
    });
    const names = { a: "Web", b: "We\u200bb", c: "D\u00adB", d: "D\u200bB", e: "\u00c9t\u00e9" };
    await db
      .insertInto("assetGroup")
      .values(Object.entries(names).map(([id, name]) => group(id, name)))
      .execute();
    await signInAddressesAndNames.up(db, dialect);
    const rows = await db.selectFrom("assetGroup").select(["id", "nameKey"]).execute();
    expect(Object.fromEntries(rows.map(({ id, nameKey }) => [id, nameKey]))).toEqual({
      a: "web",
      b: "we\u200bb",
      c: "db",
      d: "d\u200bb",
      e: "\u00e9t\u00e9",
    });
  });
}
