// Instances with one key and the same hardware: hosts that start together become separate sensors within two
// check-in intervals. A restarted process is never mistaken for a clone, however often it restarts.
import { expect, test } from "bun:test";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import fc from "fast-check";
import { drawnCases, LONG_TESTS } from "../../../harness/long-tests.ts";
import { enrolledSensor, FACTS, program } from "../../testing/test-instances.ts";
import { makeTestSensor } from "../../testing/test-sensor.ts";
import { drawDialects, openWorld, type World } from "../../testing/test-world.ts";
import { MAX_INSTANCES } from "./remembered-instances.ts";

const INTERVAL_MS = 60_000;
/** Instances beyond the limit. */
const BEYOND = LONG_TESTS ? 20 : 3;
const ROOT = "b".repeat(64);

/**
 * A host that acts like the sensor: it checks in, uploads the wanted categories, and becomes a clone when the
 * server requires it.
 */
function openHost(
  world: World,
  sensor: { key: ReturnType<typeof makeTestSensor>; sensorId: string },
  address: string,
) {
  let instance = program(world, sensor.key, sensor.sensorId, address, FACTS);
  let sensorId = sensor.sensorId;
  const report = { inventory: { packages: { status: "collected", root: ROOT } } };

  async function becomeClone(): Promise<void> {
    const key = makeTestSensor();
    const reply = await instance.becomeClone(key);
    expect(reply.status).toBe(201);
    sensorId = reply.body.sensorId;
    instance = program(world, key, sensorId, address, FACTS);
  }

  return {
    sensorId: () => sensorId,
    /** Checks in once. Returns the milliseconds until the next check-in. */
    async cycle(random: () => number): Promise<number> {
      const reply = await instance.checkIn(report);
      // The reply is lost: the sensor backs off, up to a second at first.
      if (random() < 0.2) return random() * 1_000;
      if (reply.body.code === "sensor-cloned") {
        await becomeClone();
        return 0;
      }
      expect(reply).toMatchObject({ status: 200, body: { undecided: false } });
      if (reply.body.wanted.length > 0 && random() < 0.8) {
        const body = { root: ROOT, chunks: ["c".repeat(64)] };
        const upload = await instance.send("/sensor/v1/inventory/packages", body, "PUT");
        if (upload.body.code === "sensor-cloned") {
          await becomeClone();
          return 0;
        }
        // Chunks are missing, or the root does not match: the request was not refused as a clone's.
        expect([200, 422]).toContain(upload.status);
      }
      return reply.body.checkInIntervalSeconds * 1_000 * (0.9 + 0.2 * random());
    },
  };
}

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const dialect of drawDialects()) {
  for (const [count, runs] of [
    [2, drawnCases(12)],
    [5, drawnCases(3)],
    [20, LONG_TESTS ? 1 : 0],
  ] as const) {
    if (runs === 0) continue;
    test(`${count} clones with equal hardware that start together become ${count} sensors within two intervals (${dialect})`, async () => {
      await using world = await openWorld(dialect);
      const cookie = await world.signedIn("posture-manager");
      for (let run = 0; run < runs; run++) {
        const random = seededRandom(count * 1_000 + run);
        const sensor = await enrolledSensor(world, cookie, "allow", { name: `Run ${run}` });
        // In half of the runs, the host had reported before its image was made.
        if (run % 2 === 0) await program(world, sensor.key, sensor.sensorId, "10.0.0.1", FACTS).checkIn();
        world.clock.ms += 10 * INTERVAL_MS;
        const startedAt = world.clock.ms;
        const hosts = Array.from({ length: count }, (_, index) => ({
          host: openHost(world, sensor, `10.0.1.${index + 1}`),
          dueAt: startedAt + random() * 1_000,
        }));
        for (;;) {
          const next = hosts.reduce((first, other) => (other.dueAt < first.dueAt ? other : first));
          if (next.dueAt > startedAt + 2 * INTERVAL_MS) break;
          world.clock.ms = Math.max(world.clock.ms, Math.ceil(next.dueAt));
          next.dueAt = world.clock.ms + (await next.host.cycle(random));
        }
        expect(new Set(hosts.map(({ host }) => host.sensorId())).size, `run ${run}`).toBe(count);
        const { clones } = await world.call(getSensor, cookie, { params: { id: sensor.sensorId } });
        expect(clones.filter((clone) => clone.sensor !== null)).toHaveLength(count - 1);
      }
    }, 300_000);
  }

  test(`a restarted process is never a clone, even with fast restarts and late requests of old instances (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const restart = fc.record({
      /** Requests before the next restart. */
      requests: fc.integer({ min: 0, max: 4 }),
      pauseMs: fc.constantFrom(0, 10, 2_000, 60_000),
      /** A late request of this instance arrives after this many requests of its successor; null: never. */
      leftBehindAfter: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
    });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(restart, { minLength: 2, maxLength: 12 }), async (restarts) => {
        const name = `Restarts ${runs++}`;
        const { key, sensorId } = await enrolledSensor(world, cookie, "allow", { name });
        let ended: { instance: ReturnType<typeof program>; after: number } | undefined;
        for (const { requests, pauseMs, leftBehindAfter } of restarts) {
          const instance = program(world, key, sensorId, "10.0.0.1", FACTS);
          for (let sent = 1; sent <= Math.max(1, requests); sent++) {
            world.clock.ms += pauseMs;
            expect((await instance.checkIn()).status).toBe(200);
            if (ended?.after === sent) {
              await ended.instance.checkIn();
              ended = undefined;
            }
          }
          ended = leftBehindAfter === null ? undefined : { instance, after: leftBehindAfter };
        }
        const { clones } = await world.call(getSensor, cookie, { params: { id: sensorId } });
        expect(clones).toEqual([]);
      }),
      { numRuns: drawnCases(40) },
    );
    const noticed = await world.db
      .selectFrom("auditEvent")
      .select("id")
      .where("action", "=", "sensor.clone-detected")
      .execute();
    expect(noticed).toEqual([]);
  }, 300_000);

  test(`the server stores a limited number of instances per sensor, and still detects more clones than that (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const sensor = await enrolledSensor(world, cookie, "allow", { name: "Many" });
    const remembered = async () =>
      (
        await world.db
          .selectFrom("sensorInstance")
          .select("instanceId")
          .where("sensorId", "=", sensor.sensorId)
          .execute()
      ).length;
    for (let start = 0; start < MAX_INSTANCES + BEYOND; start++)
      await program(world, sensor.key, sensor.sensorId, "10.0.0.1", FACTS).checkIn();
    expect(await remembered()).toBe(MAX_INSTANCES);
    // Clones on other hardware: an instance beyond the limit waits until others have become sensors.
    const facts = (index: number) => ({ ...FACTS, productUuid: `clone-${index}` });
    const original = program(world, sensor.key, sensor.sensorId, "10.0.0.1", FACTS);
    await original.checkIn();
    const clones = Array.from({ length: MAX_INSTANCES + BEYOND }, (_, index) =>
      program(world, sensor.key, sensor.sensorId, "10.0.0.2", facts(index)),
    );
    const left = new Set(clones);
    for (let round = 0; round < 6 && left.size > 0; round++) {
      world.clock.ms += INTERVAL_MS;
      for (const clone of [...left]) {
        const { body } = await clone.checkIn();
        if (body.code !== "sensor-cloned") continue;
        expect((await clone.becomeClone(makeTestSensor())).status).toBe(201);
        left.delete(clone);
      }
      expect(await remembered()).toBeLessThanOrEqual(MAX_INSTANCES);
      expect((await original.checkIn()).status).toBe(200);
    }
    expect(left.size).toBe(0);
    const { items } = await world.call(listSensors, cookie, { query: { limit: 200 } });
    expect(items.filter(({ cloneOf }) => cloneOf?.id === sensor.sensorId)).toHaveLength(clones.length);
  }, 300_000);
}
