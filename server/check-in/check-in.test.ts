import { expect, test } from "bun:test";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { ProblemBody } from "@attacklens/protocol/problems.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import { CHECK_IN, enrollReporter, HELLO } from "../testing/test-reporter.ts";
import type { SignOptions } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a check-in keeps a sensor online for three intervals (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrollReporter(
      world,
      await world.signedIn("viewer").then(() => world.signedIn("admin")),
    );
    const inventory = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
    expect(await sensor.status()).toBe("pending");
    expect(await sensor.send("POST", CHECK_IN, { ...HELLO, inventory })).toMatchObject({
      status: 200,
      body: { wanted: [] },
    });
    expect(await sensor.status()).toBe("online");
    world.clock.ms += 180_000;
    expect(await sensor.status()).toBe("online");
    world.clock.ms += 1;
    expect(await sensor.status()).toBe("offline");
  });

  test(`a request that is not newer than the last one is refused with the nonce to exceed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrollReporter(world, await world.signedIn("admin"));
    expect((await sensor.send("POST", CHECK_IN, HELLO, { nonce: 500 })).status).toBe(200);
    for (const nonce of [500, 499, 1]) {
      const replayed = await sensor.send("POST", CHECK_IN, HELLO, { nonce });
      expect(replayed).toMatchObject({ status: 401, body: { code: "signature-replayed", lastNonce: 500 } });
    }
    expect((await sensor.send("POST", CHECK_IN, HELLO, { nonce: 501 })).status).toBe(200);
  });

  test(`exactly one of many simultaneous copies of a request is accepted (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrollReporter(world, await world.signedIn("admin"));
    const clones = await Promise.all(
      Array.from({ length: 20 }, () => sensor.send("POST", CHECK_IN, HELLO, { nonce: 900 })),
    );
    expect(clones.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(clones.filter(({ status }) => status === 401)).toHaveLength(19);
  });

  test(`a deleted sensor receives sensor-unknown (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const sensor = await enrollReporter(world, cookie);
    await world.call(sensors.deleteSensor, cookie, { params: { id: sensor.id } });
    expect(await sensor.send("POST", CHECK_IN, HELLO)).toMatchObject({
      status: 401,
      body: { code: "sensor-unknown" },
    });
  });

  test(`no signed body of a lying sensor causes a 5xx (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const sensor = await enrollReporter(world, await world.signedIn("admin"));
    await sensor.send("POST", CHECK_IN, HELLO);
    const hash = fc.oneof(fc.constant("a".repeat(64)), fc.string());
    const report = fc.record(
      { status: fc.constantFrom("collected", "failed", "x"), root: hash, reason: fc.string() },
      { requiredKeys: [] },
    );
    const collectedAt = fc.constantFrom(
      ...[undefined, "now", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"],
    );
    const body = fc.oneof(
      fc.json().map((text) => JSON.parse(text)),
      fc.record({
        protocolVersion: fc.constant(1),
        sensorVersion: fc.string(),
        collectedAt,
        inventory: fc.dictionary(fc.constantFrom(...CATEGORIES, "x"), report),
      }),
      fc.record({ root: hash, chunks: fc.array(hash), collectedAt }),
      fc.record({ chunks: fc.dictionary(hash, fc.array(fc.record({ key: fc.string() }))) }),
    );
    const requests: [string, string][] = [
      ["POST", CHECK_IN],
      ["PUT", "/sensor/v1/inventory/users"],
      ["PUT", "/sensor/v1/inventory/users/chunks"],
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...requests), body, async ([method, path], content) => {
        expect((await sensor.send(method, path, content)).status).toBeLessThan(500);
      }),
      { numRuns: drawnCases(200) },
    );
  });
}

const forgeries: [string, SignOptions, string][] = [
  [
    "a body that was changed after signing",
    { tamper: '{"protocolVersion":1,"sensorVersion":"9"}' },
    "signature-invalid",
  ],
  [
    "a signature that does not cover the path",
    { components: ["@method", "content-digest"] },
    "signature-invalid",
  ],
  ["a date beyond the last valid date", { createdMs: 8_640_000_000_001_000 }, "signature-invalid"],
  [
    "a covered component that is not a header",
    { components: ["@method", "@path", "content-digest", "a b"] },
    "signature-invalid",
  ],
  ["a clock that is a day fast", { createdMs: Date.parse("2026-11-25T09:00:00Z") }, "clock-skewed"],
  ["a nonce of the largest safe integer", { nonce: Number.MAX_SAFE_INTEGER }, "signature-invalid"],
  ["the id of an unknown sensor", { keyid: "sen_01980000-0000-7000-8000-000000000000" }, "sensor-unknown"],
];
for (const [what, options, code] of forgeries) {
  test(`a check-in with ${what} is refused as ${code}`, async () => {
    await using world = await openWorld("sqlite");
    const sensor = await enrollReporter(world, await world.signedIn("admin"));
    expect(await sensor.send("POST", CHECK_IN, HELLO, options)).toMatchObject({
      status: 401,
      body: { code },
    });
  });
}

test("a check-in without a signature, or with another sensor's key, is refused", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("admin");
  const [first, second] = [
    await enrollReporter(world, cookie, "one"),
    await enrollReporter(world, cookie, "two"),
  ];
  const unsigned = await world.fetch(CHECK_IN, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  expect((await unsigned.json()) as ProblemBody).toMatchObject({ code: "signature-missing" });
  const crossed = await first.send("POST", CHECK_IN, HELLO, { keyid: second.id });
  expect(crossed).toMatchObject({ status: 401, body: { code: "signature-invalid" } });
});
