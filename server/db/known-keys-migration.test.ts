// In earlier versions, two sensors could have the same key. The migration keeps every sensor, and assigns the
// key to the sensor that uses it.
import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { sql } from "kysely";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { knownKeys } from "./migrations/0012-known-keys.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a key that two sensors shared belongs to the sensor that uses it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db } = world;
    const cookie = await world.signedIn("posture-manager");
    const body = { name: "All", scope: { type: "all-assets" }, expiresAt: null } as const;
    const { value } = await world.call(tokens.createEnrollmentToken, cookie, { body });
    const keys = [makeTestSensor(), makeTestSensor(), makeTestSensor()];
    const path = "/sensor/v1/enroll";
    const ids: string[] = [];
    for (const key of keys) {
      const init = key.request("POST", path, key.enrollBody(), world.clock.ms, { token: value });
      ids.push(((await (await world.fetch(path, init)).json()) as { sensorId: string }).sensorId);
    }
    const [first, second, third] = keys.map(({ publicKey }) => publicKey);
    // The earlier schema. The first sensor announced the second's key, and rotated away from the third's key.
    await db.schema.dropTable("known_key").execute();
    await sql`create table sensor_key (public_key text primary key, sensor_id text, replaced_at bigint, reason text)`.execute(
      db,
    );
    await sql`insert into sensor_key values (${third}, ${ids[0]}, 5, 'rotated'), ('old', ${ids[1]}, 7, 're-enrolled')`.execute(
      db,
    );
    await sql`update sensor set next_public_key = ${second} where id = ${ids[0]}`.execute(db);
    await sql`update sensor set next_public_key = 'next' where id = ${ids[2]}`.execute(db);
    // The column names of the earlier schema.
    await sql`alter table sensor rename column cloned_from to copied_from`.execute(db);
    await knownKeys.up(db, dialect);
    await sql`alter table sensor rename column copied_from to cloned_from`.execute(db);

    const rows = await db.selectFrom("knownKey").selectAll().execute();
    const states = rows.map((row) => `${row.publicKey} ${ids.indexOf(row.sensorId)} ${row.state}`);
    expect(states.toSorted()).toEqual(
      [
        `${first} 0 present`,
        `${second} 1 present`,
        `${third} 2 present`,
        "old 1 re-enrolled",
        "next 2 next",
      ].toSorted(),
    );
    const sensors = await db.selectFrom("sensor").select(["id", "nextPublicKey"]).execute();
    const announced = new Map(sensors.map(({ id, nextPublicKey }) => [id, nextPublicKey]));
    expect(ids.map((id) => announced.get(id) ?? null)).toEqual([null, null, "next"]);
  });
}
