// The expected hosts of rollouts from earlier versions stay the same after the upgrade.
import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { getRollout } from "@attacklens/protocol/rollout.ts";
import { sql } from "kysely";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { tokenRollOut } from "./migrations/0016-token-roll-out.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`an upgrade keeps the number of hosts that a rollout expects (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db } = world;
    const cookie = await world.signedIn("posture-manager");
    const [planned, unplanned] = await Promise.all(
      ["Planned", "Unplanned"].map(async (name) => {
        const body = { name, scope: { type: "all-assets" }, expiresAt: null } as const;
        return (await world.call(tokens.createEnrollmentToken, cookie, { body })).enrollmentToken.id;
      }),
    );
    await sql`drop table token_rollout`.execute(db);
    await sql`alter table enrollment_token add column roll_out text not null default '{"type":"none"}'`.execute(
      db,
    );
    await sql`update enrollment_token set roll_out = '{"type":"number","machines":7}' where id = ${planned}`.execute(
      db,
    );

    await tokenRollOut.up(db, dialect);
    await sql`alter table token_roll_out rename to token_rollout`.execute(db);

    const expected = async (id: string) =>
      (await world.call(getRollout, cookie, { params: { id } })).expected;
    expect(await expected(planned!)).toBe(7);
    expect(await expected(unplanned!)).toBeNull();
  });
}
