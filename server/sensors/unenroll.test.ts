// Any live identity may unenroll, in every state; a clone cannot end the original's sensor.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { blockSensor, createTicket, getSensor } from "@attacklens/protocol/sensors.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const VERSIONS = { protocolVersion: 2, sensorVersion: "2026.11.0" };
const FACTS = { machineId: "4c2b1d0e9f8a4b6c8d7e6f5a4b3c2d1e", productUuid: "u1" };
const OTHER_FACTS = { ...FACTS, productUuid: "u2" };
const HERE = "10.0.0.1";
const ELSEWHERE = "10.0.0.7";
let nonce = 0;

async function setUp(dialect: (typeof TESTED_DIALECTS)[number]) {
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
          copies: "allow",
        },
      })
    ).value;
  const values = { plain: await tokenOf(false), approval: await tokenOf(true) };

  async function post(
    key: TestSensor,
    path: string,
    body: unknown,
    { address = HERE, ...options }: { address?: string; token?: string; keyid?: string; bootId?: string },
  ) {
    const init = key.request("POST", path, body, world.clock.ms, { ...options, nonce: ++nonce });
    const response = await world.fetch(path, init, address);
    const text = await response.text();
    const { code, sensorId, held } = (text === "" ? {} : JSON.parse(text)) as Record<string, string>;
    return { status: response.status, code, sensorId, held };
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
      checkIn: (bootId: string | undefined, facts: object = FACTS, by = key) => {
        world.clock.ms += 1;
        const report = { ...VERSIONS, host: hostOf(facts) };
        return post(by, "/sensor/v1/check-in", report, { keyid: id, bootId });
      },
      /** `facts` undefined: the body is empty. */
      goodbye: (bootId: string | undefined, facts?: object, { by = key, address = HERE } = {}) =>
        post(by, "/sensor/v1/goodbye", facts ? { host: hostOf(facts) } : {}, { keyid: id, bootId, address }),
      status: async () => (await world.call(getSensor, cookie, { params: { id } })).status,
      set: (columns: object) => world.db.updateTable("sensor").set(columns).where("id", "=", id).execute(),
    };
  }
  return { world, cookie, enroll, post };
}

type Enrolled = Awaited<ReturnType<Awaited<ReturnType<typeof setUp>>["enroll"]>>;
const boot = () => crypto.randomUUID();

for (const dialect of TESTED_DIALECTS) {
  test(`any live identity may unenroll, whatever its state and before its first check-in (${dialect})`, async () => {
    const { world, cookie, enroll } = await setUp(dialect);
    await using _ = world;
    const states: Record<string, (sensor: Enrolled) => Promise<unknown>> = {
      plain: async () => {},
      blocked: ({ id }) => world.call(blockSensor, cookie, { params: { id } }),
      replaced: async ({ set }) => set({ replacedAt: 1, replacedBy: (await enroll()).id }),
      "replaced, blocked": async ({ set }) =>
        set({ replacedAt: 1, replacedBy: (await enroll()).id, blockedAt: 1 }),
    };
    const instances: Record<string, (sensor: Enrolled) => Promise<Awaited<ReturnType<Enrolled["goodbye"]>>>> =
      {
        "of version 1": (sensor) => sensor.goodbye(undefined),
        "before any check-in": (sensor) => sensor.goodbye(boot()),
        "before any check-in, with facts": (sensor) => sensor.goodbye(boot(), FACTS, { address: ELSEWHERE }),
        holder: (sensor) => sensor.goodbye(undefined),
        "after a restart": (sensor) => sensor.goodbye(boot()),
        "after a restart elsewhere, with facts": (sensor) =>
          sensor.goodbye(boot(), FACTS, { address: ELSEWHERE }),
      };
    for (const approval of ["plain", "approval"] as const) {
      for (const [state, make] of Object.entries(states)) {
        for (const [instance, goodbye] of Object.entries(instances)) {
          const told = `${approval}, ${state}, ${instance}`;
          const sensor = await enroll(approval);
          const holder = boot();
          const hasCheckedIn = instance === "holder" || instance.startsWith("after");
          // What waits for approval never checks in.
          if (hasCheckedIn && approval === "approval") continue;
          if (hasCheckedIn) expect((await sensor.checkIn(holder)).status).toBe(200);
          await make(sensor);
          const reply = await (instance === "holder" ? sensor.goodbye(holder) : goodbye(sensor));
          expect([told, reply.status, reply.code]).toEqual([told, 204, undefined]);
          if (state !== "replaced, blocked")
            expect([told, await sensor.status()]).toEqual([told, "uninstalled"]);
          // The key is refused from then on, also when the reply was lost.
          const bootId = instance === "of version 1" ? undefined : holder;
          for (const again of [await sensor.goodbye(bootId), await sensor.checkIn(bootId)])
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
        (sensor) => sensor.goodbye(boot(), OTHER_FACTS),
        409,
        "state-conflict",
      ],
      "before its check-in, from another address": [
        (sensor) => sensor.goodbye(boot(), undefined, { address: ELSEWHERE }),
        409,
        "state-conflict",
      ],
      "that is held": [
        async (sensor) => {
          const clone = boot();
          expect((await sensor.checkIn(clone, OTHER_FACTS)).held).toBe(true as never);
          return await sensor.goodbye(clone, FACTS);
        },
        409,
        "state-conflict",
      ],
      "that was told": [
        async (sensor) => {
          const clone = boot();
          await sensor.checkIn(clone, OTHER_FACTS);
          await sensor.checkIn(holder);
          return await sensor.goodbye(clone, FACTS);
        },
        403,
        "sensor-copied",
      ],
      "with an earlier key": [
        async (sensor) => {
          const next = makeTestSensor();
          const body = { publicKey: next.publicKey, proof: next.proof(sensor.id) };
          const options = { keyid: sensor.id, bootId: holder };
          expect((await post(sensor.key, "/sensor/v1/keys", body, options)).status).toBe(204);
          expect((await sensor.checkIn(holder, FACTS, next)).status).toBe(200);
          const reply = await sensor.goodbye(boot(), FACTS);
          sensor.key = next;
          return reply;
        },
        403,
        "sensor-copied",
      ],
      "with a key that a ticket replaced": [
        async (sensor) => {
          const key = makeTestSensor();
          const { value: token } = await world.call(createTicket, cookie, { params: { id: sensor.id } });
          await post(key, "/sensor/v1/re-enroll", key.enrollBody("web-01", FACTS), { token });
          const reply = await sensor.goodbye(boot(), FACTS);
          sensor.key = key;
          return reply;
        },
        403,
        "key-replaced",
      ],
    };
    let holder = "";
    for (const [clone, [goodbye, status, code]] of Object.entries(clones)) {
      holder = boot();
      const sensor = await enroll();
      await sensor.checkIn(holder);
      const reply = await goodbye(sensor);
      expect([clone, reply.status, reply.code]).toEqual([clone, status, code]);
      expect((await sensor.checkIn(holder, FACTS, sensor.key)).status).toBe(200);
      // Nor while the sensor is blocked.
      await world.call(blockSensor, cookie, { params: { id: sensor.id } });
      const facts = await sensor.goodbye(boot(), OTHER_FACTS, { by: sensor.key });
      const none = await sensor.goodbye(boot(), undefined, { by: sensor.key, address: ELSEWHERE });
      expect([clone, facts.code, none.code]).toEqual([clone, "state-conflict", "state-conflict"]);
      expect(await sensor.status()).toBe("blocked");
    }
  });

  test(`an image that was cloned before its first check-in cannot unenroll the original (${dialect})`, async () => {
    const { world, enroll } = await setUp(dialect);
    await using _ = world;
    const sensor = await enroll();
    expect((await sensor.goodbye(boot(), OTHER_FACTS)).code).toBe("state-conflict");
    expect((await sensor.checkIn(boot())).status).toBe(200);
  });
}
