// The reply to a client after an unexpected error.
import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { toProblem } from "./problem-reply.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`an unexpected duplicate key of the database is a conflict, not an internal error (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db } = world;
    const cookie = await world.signedIn("posture-manager");
    const body = { name: "All", scope: { type: "all-assets" }, expiresAt: null } as const;
    await world.call(tokens.createEnrollmentToken, cookie, { body });
    const row = await db.selectFrom("enrollmentToken").selectAll().executeTakeFirstOrThrow();
    const again = db.insertInto("enrollmentToken").values(row).execute();
    const error = await again.catch((thrown: unknown) => thrown);
    expect(toProblem(error)).toMatchObject({ code: "state-conflict", status: 409, cause: error });
    expect(toProblem(new Error("other"))).toMatchObject({ code: "internal-error" });
  });
}
