// Any live identity may unenroll, in every state. A clone cannot unenroll the original.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { blockSensor, createTicket, getSensor } from "@attacklens/protocol/sensors.ts";
import { drawSome } from "../../harness/long-tests.ts";
import type { Dialect } from "../db/dialect.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { drawDialects, openWorld } from "../testing/test-world.ts";

const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const FACTS = { machineId: "4c2b1d0e9f8a4b6c8d7e6f5a4b3c2d1e", productUuid: "u1" };
const OTHER_FACTS = { ...FACTS, productUuid: "u2" };
const HERE = "10.0.0.1";
const ELSEWHERE = "10.0.0.7";
let nonce = 0;

async function setUp(dialect: Dialect) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const tokenOf = async (requireApproval: boolean) =>
    (
      await world.call(createEnrollmentToken, cookie, {
        body: {
          name: `Approval ${requireApproval}`,
          scope: { type: "all-assets" },
          expiresAt: null,
          requireApproval,
          clonedHosts: "allow",
        },
      })
    ).value;
  const values = { plain: await tokenOf(false), approval: await tokenOf(true) };

  async function post(
    key: TestSensor,
    path: string,
    body: unknown,
    { address = HERE, ...options }: { address?: string; token?: string; keyid?: string; instanceId?: string },
  ) {
    const init = key.request("POST", path, body, world.clock.ms, { ...options, nonce: ++nonce });
    const response = await world.fetch(path, init, address);
    const text = await response.text();
    const { code, sensorId, undecided } = (text === "" ? {} : JSON.parse(text)) as Record<string, string>;
    return { status: response.status, code, sensorId, undecided };
  }

  async function enroll(value: keyof typeof values = "plain") {
    const key = makeTestSensor();
    const body = key.enrollBody("web-01", FACTS);
    const { sensorId } = await post(key, "/sensor/v1/enroll", body, { token: values[value] });
    const id = sensorId!;
    const hostOf = (facts: object) => makeTestSensor().enrollBody("web-01", { ...facts }).host;
    return {
      id,
      key,
      checkIn: (instanceId: string, facts: object = FACTS, by = key) => {
        world.clock.ms += 1;
        const report = { ...VERSIONS, host: hostOf(facts) };
        return post(by, "/sensor/v1/check-in", report, { keyid: id, instanceId });
      },
      /** `facts` undefined: the body is empty. */
      unenroll: (instanceId: string, facts?: object, { by = key, address = HERE } = {}) =>
        post(by, "/sensor/v1/unenroll", facts ? { host: hostOf(facts) } : {}, {
          keyid: id,
          instanceId,
          address,
        }),
      status: async () => (await world.call(getSensor, cookie, { params: { id } })).status,
      set: (columns: object) => world.db.updateTable("sensor").set(columns).where("id", "=", id).execute(),
    };
  }
  return { world, cookie, enroll, post };
}

type Enrolled = Awaited<ReturnType<Awaited<ReturnType<typeof setUp>>["enroll"]>>;
const instance = () => crypto.randomUUID();

for (const dialect of drawDialects()) {
  test(`any live identity may unenroll, in every state and before its first check-in (${dialect})`, async () => {
    const { world, cookie, enroll } = await setUp(dialect);
    await using _ = world;
    const states: Record<string, (sensor: Enrolled) => Promise<unknown>> = {
      plain: async () => {},
      blocked: ({ id }) => world.call(blockSensor, cookie, { params: { id } }),
      replaced: async ({ set }) => set({ replacedAt: 1, replacedBy: (await enroll()).id }),
      "replaced, blocked": async ({ set }) =>
        set({ replacedAt: 1, replacedBy: (await enroll()).id, blockedAt: 1 }),
    };
    const instances: Record<
      string,
      (sensor: Enrolled) => Promise<Awaited<ReturnType<Enrolled["unenroll"]>>>
    > = {
      "before any check-in": (sensor) => sensor.unenroll(instance()),
      "before any check-in, with facts": (sensor) =>
        sensor.unenroll(instance(), FACTS, { address: ELSEWHERE }),
      holder: (sensor) => sensor.unenroll(instance()),
      "after a restart": (sensor) => sensor.unenroll(instance()),
      "after a restart elsewhere, with facts": (sensor) =>
        sensor.unenroll(instance(), FACTS, { address: ELSEWHERE }),
    };
    for (const approval of ["plain", "approval"] as const) {
      for (const [state, make] of Object.entries(states)) {
        // A sensor that awaits approval cannot check in.
        const possible = Object.entries(instances).filter(
          ([which]) => approval === "plain" || which.startsWith("before"),
        );
        for (const [which, unenroll] of drawSome(possible, 2)) {
          const told = `${approval}, ${state}, ${which}`;
          const sensor = await enroll(approval);
          const holder = instance();
          const hasCheckedIn = which === "holder" || which.startsWith("after");
          if (hasCheckedIn) expect((await sensor.checkIn(holder)).status).toBe(200);
          await make(sensor);
          const reply = await (which === "holder" ? sensor.unenroll(holder) : unenroll(sensor));
          expect([told, reply.status, reply.code]).toEqual([told, 204, undefined]);
          if (state !== "replaced, blocked")
            expect([told, await sensor.status()]).toEqual([told, "uninstalled"]);
          // The key is refused from then on, also for a retry after a lost reply.
          for (const again of [await sensor.unenroll(holder), await sensor.checkIn(holder)])
            expect([told, again.status, again.code]).toEqual([told, 401, "sensor-unknown"]);
        }
      }
    }
  });

  test(`a clone cannot unenroll the original (${dialect})`, async () => {
    const { world, cookie, enroll, post } = await setUp(dialect);
    await using _ = world;
    const clones: Record<
      string,
      [(sensor: Enrolled) => Promise<{ status: number; code?: string }>, number, string]
    > = {
      "before its check-in, on other hardware": [
        (sensor) => sensor.unenroll(instance(), OTHER_FACTS),
        409,
        "state-conflict",
      ],
      "before its check-in, from another address": [
        (sensor) => sensor.unenroll(instance(), undefined, { address: ELSEWHERE }),
        409,
        "state-conflict",
      ],
      "whose ownership is undecided": [
        async (sensor) => {
          const clone = instance();
          expect((await sensor.checkIn(clone, OTHER_FACTS)).undecided).toBe(true as never);
          return await sensor.unenroll(clone, FACTS);
        },
        409,
        "state-conflict",
      ],
      "that was refused": [
        async (sensor) => {
          const clone = instance();
          await sensor.checkIn(clone, OTHER_FACTS);
          await sensor.checkIn(holder);
          return await sensor.unenroll(clone, FACTS);
        },
        403,
        "sensor-cloned",
      ],
      "with an earlier key": [
        async (sensor) => {
          const next = makeTestSensor();
          const body = { publicKey: next.publicKey, proof: next.proof(sensor.id) };
          const options = { keyid: sensor.id, instanceId: holder };
          expect((await post(sensor.key, "/sensor/v1/keys", body, options)).status).toBe(204);
          expect((await sensor.checkIn(holder, FACTS, next)).status).toBe(200);
          const reply = await sensor.unenroll(instance(), FACTS);
          sensor.key = next;
          return reply;
        },
        403,
        "sensor-cloned",
      ],
      "with a key that a ticket replaced": [
        async (sensor) => {
          const key = makeTestSensor();
          const { value: token } = await world.call(createTicket, cookie, { params: { id: sensor.id } });
          await post(key, "/sensor/v1/re-enroll", key.enrollBody("web-01", FACTS), { token });
          const reply = await sensor.unenroll(instance(), FACTS);
          sensor.key = key;
          return reply;
        },
        403,
        "key-replaced",
      ],
    };
    let holder = "";
    for (const [clone, [unenroll, status, code]] of Object.entries(clones)) {
      holder = instance();
      const sensor = await enroll();
      await sensor.checkIn(holder);
      const reply = await unenroll(sensor);
      expect([clone, reply.status, reply.code]).toEqual([clone, status, code]);
      expect((await sensor.checkIn(holder, FACTS, sensor.key)).status).toBe(200);
      // The same while the sensor is blocked.
      await world.call(blockSensor, cookie, { params: { id: sensor.id } });
      const facts = await sensor.unenroll(instance(), OTHER_FACTS, { by: sensor.key });
      const none = await sensor.unenroll(instance(), undefined, { by: sensor.key, address: ELSEWHERE });
      expect([clone, facts.code, none.code]).toEqual([clone, "state-conflict", "state-conflict"]);
      expect(await sensor.status()).toBe("blocked");
    }
  });

  test(`a clone on other hardware cannot unenroll the original before the first check-in (${dialect})`, async () => {
    const { world, enroll } = await setUp(dialect);
    await using _ = world;
    const sensor = await enroll();
    expect((await sensor.unenroll(instance(), OTHER_FACTS)).code).toBe("state-conflict");
    expect((await sensor.checkIn(instance())).status).toBe(200);
  });
}
