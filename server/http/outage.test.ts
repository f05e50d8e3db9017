// Replies while the database is read-only or unreachable: 503 with Retry-After, and no partial change.
import { expect, test } from "bun:test";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { sql } from "kysely";
import pg from "pg";
import type { Dialect } from "../db/dialect.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const body = (name: string) => jsonInit("POST", { name });

test("with a full disk, changes get 503 and earlier data stays; with free space, changes succeed again", async () => {
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

/** Makes the database refuse writes, like a full disk or a standby, or accept them again. */
async function setReadOnly(world: World, dialect: Dialect, isReadOnly: boolean): Promise<void> {
  if (dialect === "sqlite") {
    await sql`pragma query_only = ${sql.raw(isReadOnly ? "on" : "off")}`.execute(world.db);
    return;
  }
  const database = new URL(world.databaseUrl!).pathname.slice(1);
  const client = new pg.Client({ connectionString: world.databaseUrl });
  await client.connect();
  await client.query("set default_transaction_read_only = off");
  await client.query(
    `alter database "${database}" set default_transaction_read_only = ${isReadOnly ? "on" : "off"}`,
  );
  if (isReadOnly)
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
      [database],
    );
  await client.end();
}

async function enroll(world: World, cookie: string) {
  const body = { name: "Web", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const sensor = makeTestSensor();
  const path = "/sensor/v1/enroll";
  const init = sensor.request("POST", path, sensor.enrollBody(), world.clock.ms, { token: value });
  const { sensorId } = (await (await world.fetch(path, init)).json()) as { sensorId: string };
  const hello = { protocolVersion: 1, sensorVersion: "2026.11.0" };
  return {
    checkIn: () => {
      const options = { keyid: sensorId };
      const init = sensor.request("POST", "/sensor/v1/check-in", hello, world.clock.ms, options);
      return world.fetch("/sensor/v1/check-in", init);
    },
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`with a read-only database, the server is not ready and changes get 503 (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enroll(world, cookie);
    const ready = async () => (await world.fetch("/readyz")).status;
    const create = (name: string) =>
      world.fetch(createAssetGroup.path, jsonInit("POST", { name }, { cookie }));
    expect(await ready()).toBe(200);

    await setReadOnly(world, dialect, true);
    world.clock.ms += 2_000;
    expect([await ready(), await ready()]).toEqual([503, 503]);
    const refused = [await create("refused"), await sensor.checkIn(), await world.fetch("/readyz")];
    expect(refused.map(({ status }) => status)).toEqual([503, 503, 503]);
    for (const { headers } of refused) expect(headers.get("retry-after")).toBe("10");
    expect((await world.fetch("/healthz")).status).toBe(200);

    await setReadOnly(world, dialect, false);
    world.clock.ms += 2_000;
    expect(await ready()).toBe(200);
    expect((await create("accepted")).status).toBe(201);
    expect((await sensor.checkIn()).status).toBe(200);
  });

  test(`requests to /readyz share one write probe, and a committed check-in counts as a probe (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const probedAt = async () =>
      (await world.db.selectFrom("setting").select("value").where("name", "=", "write-probe").execute()).map(
        ({ value }) => Number(value),
      );
    const began = world.clock.ms;
    await Promise.all(Array.from({ length: 50 }, () => world.fetch("/readyz")));
    world.clock.ms += 1_999;
    await world.fetch("/readyz");
    expect(await probedAt()).toEqual([began]);
    world.clock.ms += 1;
    await world.fetch("/readyz");
    expect(await probedAt()).toEqual([began + 2_000]);
    const cookie = await world.signedIn("admin");
    const sensor = await enroll(world, cookie);
    world.clock.ms += 2_000;
    expect((await sensor.checkIn()).status).toBe(200);
    expect((await world.fetch("/readyz")).status).toBe(200);
    expect(await probedAt()).toEqual([began + 2_000]);
  });

  test(`with a closed database, the server is not ready and no request hangs (${dialect})`, async () => {
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

test("while PostgreSQL refuses connections, requests get 503; afterwards they succeed again", async () => {
  await using world = await openWorld("postgres");
  const cookie = await world.signedIn("admin");
  const database = new URL(world.databaseUrl!).pathname.slice(1);
  const administrator = new URL(world.databaseUrl!);
  administrator.pathname = "/postgres";
  const client = new pg.Client({ connectionString: administrator.href });
  await client.connect();
  try {
    await client.query(`alter database "${database}" with allow_connections false`);
    await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
      database,
    ]);
    for (const path of [listAssetGroups.path, "/api/v1/setup"]) {
      const reply = await world.fetch(path, { headers: { cookie } });
      expect({ path, status: reply.status }).toEqual({ path, status: 503 });
      expect(reply.headers.get("retry-after")).toBe("10");
    }
    await client.query(`alter database "${database}" with allow_connections true`);
    expect((await world.fetch(listAssetGroups.path, { headers: { cookie } })).status).toBe(200);
  } finally {
    await client.query(`alter database "${database}" with allow_connections true`);
    await client.end();
  }
});
