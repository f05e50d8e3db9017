import { expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import type { Database } from "../db/schema.ts";
import { listExistingHashes } from "../enrollment-tokens/enrollment-tokens-store.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { openKnownTokens } from "./known-tokens.ts";

const PATH = "/sensor/v1/enroll";
const LIMITS = { batch: 100, paceMs: 5, waiting: 1_000, kept: 1_000 };
const settings = { name: "Servers", scope: { type: "all-assets" }, expiresAt: null } as const;
const madeUp = () => formatTokenValue(randomBytes(32));
const hashOf = (value: string) => createHash("sha256").update(value).digest("hex");

/** The same database with a counter of its queries. */
function counted(db: Database) {
  const count = { queries: 0 };
  const counting = db.withPlugin({
    transformQuery({ node }) {
      count.queries++;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  return { db: counting, count };
}

async function outcomeOf(work: Promise<void>): Promise<string> {
  return await work.then(
    () => "known",
    (error) => (error instanceof Problem ? error.code : String(error)),
  );
}

async function enroll(world: World, token: string) {
  const sensor = makeTestSensor();
  const init = sensor.request("POST", PATH, sensor.enrollBody(), world.clock.ms, { token });
  const response = await world.fetch(PATH, init);
  return { status: response.status, body: (await response.json()) as { code?: string } };
}

for (const dialect of TESTED_DIALECTS) {
  test(`many invented values cause few queries, and a new token is still found among them (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value } = await world.call(tokens.createEnrollmentToken, cookie, { body: settings });
    const now = () => world.clock.ms;
    const { db, count } = counted(world.db);
    const values = openKnownTokens((hashes) => listExistingHashes(db, hashes), now, LIMITS);

    const junk = Array.from({ length: 1_500 }, () => values.require(hashOf(madeUp())));
    const outcomes = Promise.all(junk.map(outcomeOf));
    // The queue is full, so this request must retry. The retry below finds the token.
    expect(await outcomeOf(values.require(hashOf(value)))).toBe("too-many-requests");
    const told = await outcomes;
    expect(told.filter((code) => code === "token-unknown")).toHaveLength(1_000);
    expect(told.filter((code) => code === "too-many-requests")).toHaveLength(500);
    expect(count.queries).toBe(10);

    const more = Array.from({ length: 500 }, () => outcomeOf(values.require(hashOf(madeUp()))));
    expect(await outcomeOf(values.require(hashOf(value)))).toBe("known");
    await Promise.all(more);
    expect(count.queries).toBe(16);
  });

  test(`a cached value, known or unknown, causes no further query for any number of requests (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value } = await world.call(tokens.createEnrollmentToken, cookie, { body: settings });
    const now = () => world.clock.ms;
    const { db, count } = counted(world.db);
    const values = openKnownTokens((hashes) => listExistingHashes(db, hashes), now, LIMITS);
    const foreign = hashOf(madeUp());
    for (let round = 0; round < 3; round++) {
      const asked = Array.from({ length: 2_000 }, (_, index) => (index % 2 ? foreign : hashOf(value)));
      const told = await Promise.all(asked.map((hash) => outcomeOf(values.require(hash))));
      expect(new Set(told)).toEqual(new Set(["known", "token-unknown"]));
    }
    expect(count.queries).toBe(1);

    world.clock.ms += 60_000;
    expect(await outcomeOf(values.require(foreign))).toBe("token-unknown");
    expect(count.queries).toBe(2);
  });

  test(`a cached value does not make a token valid: a change of the token takes effect immediately (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(tokens.createEnrollmentToken, cookie, {
      body: settings,
    });
    const params = { id: enrollmentToken.id };
    expect((await enroll(world, value)).status).toBe(201);
    await world.call(tokens.revokeEnrollmentToken, cookie, { params });
    expect((await enroll(world, value)).body.code).toBe("token-revoked");
    await world.call(tokens.deleteEnrollmentToken, cookie, { params });
    expect((await enroll(world, value)).body.code).toBe("token-unknown");
  });
}
