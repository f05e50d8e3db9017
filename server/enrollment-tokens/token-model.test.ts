// Runs concurrent operations on tokens, on several servers if the database supports them. After each batch,
// the replies, the tokens, and the sensors must be those of some order of the operations.
import { expect, test } from "bun:test";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import fc from "fast-check";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { explain, type Model, type Operation, statusOf, usesOf } from "../testing/token-model.ts";

const CHECK_IN = "/sensor/v1/check-in";
const CLONE = "/sensor/v1/clones";
const ENROLL = "/sensor/v1/enroll";
const TOKENS = "/api/v1/enrollment-tokens";
const GROUPS = 2;
const TOKEN_COUNT = 3;
const HOSTS = 6;
const CLONES = 3;

interface NewToken {
  limit: number | null;
  expiresInMs: number | null;
  group: number | null;
}
type Step =
  | { type: "at-once"; operations: Operation[] }
  | { type: "clock"; ms: number }
  | ({ type: "create" } & NewToken);

const limit = fc.option(fc.integer({ min: 1, max: 3 }), { nil: null });
const expiresInMs = fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: null, freq: 2 });
const newToken = fc.record({
  limit,
  expiresInMs,
  group: fc.option(fc.nat(GROUPS - 1), { nil: null, freq: 1 }),
});
const token = fc.nat(TOKEN_COUNT - 1);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant("enroll"), token, host: fc.nat(HOSTS - 1) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("clone"),
      host: fc.nat(HOSTS - 1),
      clone: fc.nat(CLONES - 1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom("pause", "resume"), token }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("revoke", "delete"), token }) },
  {
    weight: 3,
    arbitrary: fc.record(
      { type: fc.constant("extend"), token, limit, expiresInMs },
      { requiredKeys: ["type", "token", "limit"] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("delete-group"), group: fc.nat(GROUPS - 1) }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("at-once"),
      operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("clock"), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  { weight: 1, arbitrary: newToken.map((settings) => ({ type: "create" as const, ...settings })) },
);

/** Tokens, groups and hosts of one run, by their numbers in the model. */
async function openRun(world: World, servers: World["fetch"][], cookie: string) {
  const run = crypto.randomUUID().slice(0, 8);
  const hosts = Array.from({ length: HOSTS }, makeTestSensor);
  const groupIds: string[] = [];
  for (let index = 0; index < GROUPS; index++)
    groupIds.push(
      (await world.call(groups.createAssetGroup, cookie, { body: { name: `${run} ${index}` } })).id,
    );
  const tokens: { id: string; value: string }[] = [];
  const sensorIds = new Map<number, string>();
  let sent = 0;

  async function send(path: string, init: RequestInit) {
    const response = await servers[sent++ % servers.length]!(path, init);
    const text = await response.text();
    const body = (text ? JSON.parse(text) : {}) as {
      code?: string;
      sensorId?: string;
      awaitingApproval?: boolean;
    };
    return { status: response.status, body };
  }

  async function enroll(index: number, host: number): Promise<string> {
    const sensor = hosts[host]!;
    const options = { token: tokens[index]!.value };
    const body = sensor.enrollBody(`${run}-${host}`);
    const reply = await send(ENROLL, sensor.request("POST", ENROLL, body, world.clock.ms, options));
    if (reply.status !== 201) return `${reply.status} ${reply.body.code}`;
    const { sensorId } = reply.body;
    expect(sensorId, "a host gets the sensor it got before").toBe(sensorIds.get(host) ?? sensorId);
    sensorIds.set(host, sensorId!);
    return "201";
  }

  const clonesOf = new Map<number, Promise<{ key: TestSensor; instance: string }[]>>();

  /** Cloned hosts, each of which must create a new key. */
  async function openClones(host: number) {
    const checkIn = (instanceId: string, productUuid: string) => {
      const { host: facts } = hosts[host]!.enrollBody(`${run}-${host}`, { productUuid });
      const body = { protocolVersion: 1, sensorVersion: "1", host: facts };
      const options = { keyid: sensorIds.get(host)!, instanceId };
      return send(CHECK_IN, hosts[host]!.request("POST", CHECK_IN, body, world.clock.ms, options));
    };
    const original = crypto.randomUUID();
    await checkIn(original, "original");
    const clones = Array.from({ length: CLONES }, () => ({
      key: makeTestSensor(),
      instance: crypto.randomUUID(),
    }));
    for (const [index, { instance }] of clones.entries()) await checkIn(instance, `clone-${index}`);
    await checkIn(original, "original");
    return clones;
  }

  async function enrollClone(host: number, clone: number): Promise<string> {
    const keyid = sensorIds.get(host);
    if (keyid === undefined) return "no original";
    if (!clonesOf.has(host)) clonesOf.set(host, openClones(host));
    const { key, instance } = (await clonesOf.get(host)!)[clone]!;
    const name = `${run}-${host}-${clone}`;
    const body = { ...key.enrollBody(name), protocolVersion: 1, proof: key.proof(keyid) };
    for (;;) {
      const options = { keyid, instanceId: instance };
      const init = hosts[host]!.request("POST", CLONE, body, world.clock.ms, options);
      const reply = await send(CLONE, init);
      // All of them sign with one key, so a request that another one overtook is sent again.
      if (reply.body.code === "signature-replayed") continue;
      if (reply.status !== 201) return `${reply.status} ${reply.body.code}`;
      return reply.body.awaitingApproval ? "201 awaiting approval" : "201";
    }
  }

  return {
    async create({ limit, expiresInMs, group }: NewToken) {
      const body = {
        name: `${run} token ${tokens.length}`,
        maxEnrollments: limit,
        clonedHosts: "allow",
        expiresAt: expiresInMs === null ? null : new Date(world.clock.ms + expiresInMs).toISOString(),
        scope:
          group === null
            ? ({ type: "all-assets" } as const)
            : ({ type: "asset-group", assetGroupId: groupIds[group]! } as const),
      };
      const { status, body: made } = await send(TOKENS, jsonInit("POST", body, { cookie }));
      if (status !== 201) return false;
      const { enrollmentToken, value } = made as never as { enrollmentToken: { id: string }; value: string };
      tokens.push({ id: enrollmentToken.id, value });
      return true;
    },
    async carryOut(operation: Operation): Promise<string> {
      if (operation.type === "enroll") return await enroll(operation.token, operation.host);
      if (operation.type === "clone") return await enrollClone(operation.host, operation.clone);
      const remove = operation.type === "delete-group" ? "DELETE" : undefined;
      if (operation.type === "delete-group") {
        const path = `/api/v1/asset-groups/${groupIds[operation.group]}`;
        return `${(await send(path, jsonInit(remove!, undefined, { cookie }))).status}`;
      }
      const path = `${TOKENS}/${tokens[operation.token]!.id}`;
      if (operation.type === "delete")
        return `${(await send(path, jsonInit("DELETE", undefined, { cookie }))).status}`;
      if (operation.type !== "extend")
        return `${(await send(`${path}/${operation.type}`, jsonInit("POST", undefined, { cookie }))).status}`;
      const { limit, expiresInMs } = operation;
      const body = {
        maxEnrollments: limit,
        expiresAt: expiresInMs && new Date(world.clock.ms + expiresInMs).toISOString(),
      };
      return `${(await send(path, jsonInit("PATCH", body, { cookie }))).status}`;
    },
    /** The run's tokens and sensors as the API returns them. */
    async shown() {
      const { items } = await world.call(routes.listEnrollmentTokens, cookie, { query: { q: run } });
      const sensors = await world.call(listSensors, cookie, { query: { q: run } });
      return tokens.map(({ id }) => {
        const seen = items.find((item) => item.id === id);
        const token = seen && {
          status: seen.status,
          uses: seen.enrolledSensors,
          limit: seen.maxEnrollments,
          expiresAt: seen.expiresAt === null ? null : Date.parse(seen.expiresAt),
          paused: seen.pausedAt !== null,
          revoked: seen.revokedAt !== null,
        };
        const hosts = sensors.items
          .filter(({ enrolledBy }) => enrolledBy.id === id)
          .map(({ hostname }) => hostname);
        return { token, hosts: hosts.toSorted() };
      });
    },
    /** The same according to the model. */
    expected(model: Model) {
      return model.tokens.map(({ limit, expiresAt, paused, revoked, deleted }, index) => ({
        token: deleted
          ? undefined
          : {
              status: statusOf(model, index),
              uses: usesOf(model, index),
              limit,
              expiresAt,
              paused,
              revoked,
            },
        hosts: [
          ...Object.entries(model.hosts)
            .filter(([, used]) => used === index)
            .map(([host]) => `${run}-${host}`),
          ...Object.entries(model.clones)
            .filter(([, { token }]) => token === index)
            .map(([clone]) => `${run}-${clone}`),
        ].toSorted(),
      }));
    },
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`concurrent operations on tokens have the replies, tokens, and sensors of some order (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const servers = dialect === "postgres" ? [world.fetch, await world.secondFetch()] : [world.fetch];

    async function follow(beginning: NewToken[], steps: Step[]) {
      const run = await openRun(world, servers, cookie);
      let model: Model = { now: world.clock.ms, tokens: [], deletedGroups: [], hosts: {}, clones: {} };
      const create = async ({ limit, expiresInMs, group }: NewToken) => {
        const isPossible = group === null || !model.deletedGroups.includes(group);
        expect(await run.create({ limit, expiresInMs, group })).toBe(isPossible);
        if (!isPossible) return;
        const expiresAt = expiresInMs === null ? null : model.now + expiresInMs;
        model.tokens.push({ limit, expiresAt, group, revoked: false, paused: false, deleted: false });
      };
      for (const settings of beginning) await create(settings);
      for (const step of steps) {
        if (step.type === "clock") model.now = world.clock.ms += step.ms;
        if (step.type === "create") await create(step);
        const operations = step.type === "at-once" ? step.operations : [];
        const replies = await Promise.all(operations.map(run.carryOut));
        const possible = explain(model, operations, replies);
        expect(possible, `${JSON.stringify(operations)} answered ${replies}`).not.toBeEmpty();
        const shown = await run.shown();
        const held = possible.filter((state) => Bun.deepEquals(run.expected(state), shown));
        if (held.length === 0) expect(shown).toEqual(run.expected(possible[0]!));
        model = held[0]!;
      }
    }

    const beginning = fc.array(newToken, { minLength: TOKEN_COUNT, maxLength: TOKEN_COUNT });
    const steps = fc.array(step, { minLength: 4, maxLength: 12 });
    // A failure prints its seed and path.
    await fc.assert(fc.asyncProperty(beginning, steps, follow), { numRuns: LONG_TESTS ? 60 : 5 });
  }, 300_000);
}
