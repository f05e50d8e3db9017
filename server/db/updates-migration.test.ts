// An installation from before updates: every sensor is in the last ring, and is offered nothing until it has
// reported how it is updated.
import { expect, test } from "bun:test";
import * as routes from "@attacklens/protocol/update-rings.ts";
import { sql } from "kysely";
import { addHosts, openRings } from "../testing/test-rings.ts";
import { TESTED_DIALECTS } from "../testing/test-world.ts";
import { updates } from "./migrations/0006-updates.ts";

const TABLES = [
  ...["sensor_update", "update_run", "update_ring_group", "update_ring", "known_release", "update_pace"],
];

for (const dialect of TESTED_DIALECTS) {
  test(`the sensors of an earlier installation are in the last ring (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { world, cookie } = fleet;
    await fleet.addGroup("Web");
    const [host] = await addHosts(fleet, 1, "Web");
    for (const table of TABLES) await sql`drop table ${sql.table(table)}`.execute(world.db);
    await updates.up(world.db, dialect);
    await fleet.release("2026.12.0");

    const { rings, versions } = await world.call(routes.getUpdates, cookie);
    expect(rings).toMatchObject([{ name: "Everything else", isLast: true, hosts: { hosts: 1, unable: 1 } }]);
    expect(versions).toEqual([{ version: "2026.11.0", hosts: 1 }]);
    expect(await host!.see()).toMatchObject({ state: "unknown", method: null, ring: { id: rings[0]!.id } });
    expect(await host!.checkIn(undefined, { says: false })).toBeUndefined();
    expect(await host!.checkIn()).toEqual({ version: "2026.12.0", attempt: 1 });
  });
}
