import { expect, test } from "bun:test";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { label } from "@attacklens/protocol/text.ts";
import { nameKey } from "./ids.ts";
import { jsonInit, openWorld, TESTED_DIALECTS } from "./testing/test-world.ts";

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
}
