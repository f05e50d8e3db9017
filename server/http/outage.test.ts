// What a client is told when the database cannot write or is gone: 503 and when to come back, and nothing is half done.
import { expect, test } from "bun:test";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { sql } from "kysely";
import { jsonInit, openWorld, TESTED_DIALECTS } from "../test-world.ts";

const body = (name: string) => jsonInit("POST", { name });

test("a full disk refuses the change, keeps what was there, and heals when there is space again", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("admin");
  const create = async (name: string) => {
    const init = body(name);
    return await world.fetch(createAssetGroup.path, {
      ...init,
      headers: { ...init.headers, cookie } as HeadersInit,
    });
  };
  expect((await create("before")).status).toBe(201);

  await sql`pragma max_page_count = 1`.execute(world.db);
  const answers = [];
  for (let index = 0; index < 200; index++) answers.push(await create(`${"x".repeat(90)} ${index}`));
  const refused = answers.filter(({ status }) => status !== 201);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  expect(refused[0]!.headers.get("retry-after")).toBe("10");
  expect(await refused[0]!.json()).not.toHaveProperty("detail");

  await sql`pragma max_page_count = 1000000`.execute(world.db);
  expect((await create("after")).status).toBe(201);
  const { total } = await world.call(listAssetGroups, cookie);
  expect(total).toBe(answers.length - refused.length + 2);
});

for (const dialect of TESTED_DIALECTS) {
  test(`a database that is closed makes the server not ready, and no request hangs (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    await world.db.destroy();
    expect((await world.fetch("/readyz")).status).toBeGreaterThanOrEqual(500);
    expect((await world.fetch(listAssetGroups.path, { headers: { cookie } })).status).toBeGreaterThanOrEqual(
      500,
    );
    expect((await world.fetch("/healthz")).status).toBe(200);
  });
}
