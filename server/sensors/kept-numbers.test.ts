// Concurrent operations on a fleet, on two servers if the database supports them. After each step, every
// number and every copy that the database keeps equals a recount of the rows that it is made from.
import { expect, test } from "bun:test";
import { previewAssetAction, runAssetAction } from "@attacklens/protocol/asset-actions.ts";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import { listAssets, moveAsset } from "@attacklens/protocol/assets.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { routePath } from "@attacklens/protocol/route.ts";
import type { SensorCounts } from "@attacklens/protocol/sensor-counts.ts";
import * as sensorRoutes from "@attacklens/protocol/sensors.ts";
import fc from "fast-check";
import { sql } from "kysely";
import { drawnCases } from "../../harness/long-tests.ts";
import { jobsOf } from "../background.ts";
import type { Database } from "../db/schema.ts";
import { DIFFERENCES } from "../testing/kept-copies.ts";
import { allRows, INTERVAL_SECONDS, inOneOrder, recount } from "../testing/sensor-recount.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { countSensors } from "./sensor-counts.ts";

const HOSTS = 6;
const TOKENS = 4;
const [SECOND, HOUR] = [1_000, 3_600_000];
const ALL_FAILED = Object.fromEntries(
  CATEGORIES.map((category) => [category, { status: "failed", reason: "none" }]),
);

/** The filters that find sensors for each action. */
const USER_ACTIONS = {
  block: "",
  unblock: "status=blocked",
  approve: "status=awaiting-approval",
  merge: "match=any",
  "dismiss-match": "match=any",
  "undo-merge": "status=replaced",
};
type UserAction = keyof typeof USER_ACTIONS;

type Operation =
  | { type: "enroll"; token: number; host: number; version: string }
  | { type: UserAction | "check-in" | "unenroll" | "delete"; sensor: number }
  | { type: "move"; asset: number; isToGroup: boolean }
  | { type: "delete-group" | "jobs" | "move-all" };
type Step = { ms: number; operations: Operation[] };

const sensor = fc.nat(10);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("enroll"),
      token: fc.nat(TOKENS - 1),
      host: fc.nat(HOSTS - 1),
      version: fc.constantFrom("2026.11.0", "2026.12.0"),
    }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant("check-in"), sensor }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom(...(Object.keys(USER_ACTIONS) as UserAction[])),
      sensor,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("delete", "unenroll"), sensor }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("move"), asset: fc.nat(10), isToGroup: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("jobs") }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("delete-group", "move-all") }) },
);
const step: fc.Arbitrary<Step> = fc.record({
  // A sensor is offline after three minutes. Others are ended or deleted after hours or days.
  ms: fc.constantFrom(0, SECOND, 30 * SECOND, 4 * 60 * SECOND, 4 * 60 * SECOND, 2 * HOUR, 31 * 24 * HOUR),
  operations: fc.array(operation, { minLength: 1, maxLength: 8 }),
});

interface Host {
  id: string;
  key: TestSensor;
}

async function requireExact(world: World): Promise<void> {
  const { db, clock } = world;
  const { tags: _, ...counts } = await countSensors(db, onlineSince(clock.ms, INTERVAL_SECONDS));
  expect(withoutNames(counts)).toEqual(withoutNames(recount(await allRows(db, clock.ms))));
  for (const [name, text] of Object.entries(DIFFERENCES))
    expect({ name, differing: await rowsOf(db, text) }).toEqual({ name, differing: [] });
}

const rowsOf = async (db: Database, text: string) => (await sql.raw(text).execute(db)).rows;

/** The names that `recount` invents are those of another fleet. */
function withoutNames({ byEnrollmentToken, byAssetGroup, ...counts }: Omit<SensorCounts, "tags">) {
  return inOneOrder({
    ...counts,
    byEnrollmentToken: byEnrollmentToken.map(({ enrollmentToken: { id }, sensors }) => ({
      enrollmentToken: { id, name: "", deleted: false },
      sensors,
    })),
    byAssetGroup: byAssetGroup.map(({ assetGroup, sensors }) => ({
      assetGroup: assetGroup && { id: assetGroup.id, name: "" },
      sensors,
    })),
  });
}

async function openFleet(world: World, dialect: string) {
  const cookie = await world.signedIn("super-admin");
  const own = { fetch: world.fetch, services: world.services };
  // SQLite has one server.
  const servers = dialect === "postgres" ? [own, await world.secondServer()] : [own];
  let turn = 0;
  const nextServer = () => servers[turn++ % servers.length]!;
  const hosts: Host[] = [];
  const values: string[] = [];
  let groupId = "";

  async function send(path: string, init: RequestInit) {
    const reply = await nextServer().fetch(path, init);
    const text = await reply.text();
    if (reply.status >= 500) throw new Error(`${path}: ${text}`);
    return { status: reply.status, body: text === "" ? {} : JSON.parse(text) };
  }

  const asUser = (method: string, path: string, body?: unknown) =>
    send(path, jsonInit(method, body, { cookie }));

  const asSensor = ({ id, key }: Host, path: string, body: unknown) =>
    send(path, key.request("POST", path, body, world.clock.ms, { keyid: id }));

  async function enroll(token: number, host: number, sensorVersion: string): Promise<void> {
    const key = makeTestSensor();
    const facts = {
      productUuid: `uuid-${host}`,
      serialNumber: `serial-${host}`,
      machineId: `machine-${host}`,
    };
    const body = { ...key.enrollBody(`host-${host}`, facts), sensorVersion };
    const init = key.request("POST", "/sensor/v1/enroll", body, world.clock.ms, { token: values[token]! });
    const reply = await send("/sensor/v1/enroll", init);
    if (reply.status === 201) hosts.push({ id: reply.body.sensorId, key });
  }

  /** Acts on one of the sensors for which the action is possible. */
  async function actOn(type: UserAction, number: number): Promise<void> {
    const { body } = await asUser("GET", `${sensorRoutes.listSensors.path}?${USER_ACTIONS[type]}`);
    const { id, match, fingerprint } = body.items[number % body.items.length] ?? {};
    if (!id) return;
    const input = match ? { predecessorId: match.sensor.id } : { fingerprint };
    const hasInput = type === "merge" || type === "dismiss-match" || type === "approve";
    await asUser(
      "POST",
      `${routePath(sensorRoutes.getSensor, { id })}/${type}`,
      hasInput ? input : undefined,
    );
  }

  async function moveOne({ asset, isToGroup }: { asset: number; isToGroup: boolean }): Promise<void> {
    const { items } = (await asUser("GET", `${listAssets.path}?sort=createdAt&order=desc`)).body;
    const { id } = items[asset % items.length] ?? {};
    if (id) await asUser("PUT", routePath(moveAsset, { id }), { assetGroupId: isToGroup ? groupId : null });
  }

  /** Moves the assets of the group to another one, which is a new one once. Others may move them before. */
  async function moveAll(): Promise<void> {
    const body = { action: "move", to: { assetGroupName: "Archive" }, filter: { assetGroupId: groupId } };
    const { fingerprint } = (await asUser("POST", previewAssetAction.path, body)).body;
    const reply = await nextServer().fetch(
      runAssetAction.path,
      jsonInit("POST", { ...body, fingerprint }, { cookie }),
    );
    const last = (await reply.text()).trim().split("\n").at(-1)!;
    // 409: others match by now.
    if (reply.status !== 409) expect(JSON.parse(last)).toMatchObject({ isFinished: true });
  }

  async function carryOut(operation: Operation): Promise<unknown> {
    switch (operation.type) {
      case "enroll":
        return await enroll(operation.token, operation.host, operation.version);
      case "jobs":
        for (const { work } of jobsOf(nextServer().services)) await work();
        return;
      case "move":
        return await moveOne(operation);
      case "move-all":
        return await moveAll();
      case "delete-group":
        return await asUser("DELETE", routePath(groups.deleteAssetGroup, { id: groupId }));
    }
    const host = hosts.at(-1 - operation.sensor);
    switch (operation.type) {
      case "check-in":
        return (
          host &&
          (await asSensor(host, "/sensor/v1/check-in", {
            ...{ protocolVersion: 1, sensorVersion: "2026.12.0", inventory: ALL_FAILED },
          }))
        );
      case "unenroll":
        return host && (await asSensor(host, "/sensor/v1/unenroll", {}));
      case "delete":
        return host && (await asUser("DELETE", routePath(sensorRoutes.deleteSensor, { id: host.id })));
      default:
        return await actOn(operation.type, operation.sensor);
    }
  }

  return {
    carryOut,
    /** Creates tokens and an asset group. */
    async begin(): Promise<void> {
      const name = crypto.randomUUID();
      groupId = (await world.call(groups.createAssetGroup, cookie, { body: { name } })).id;
      const scope = { type: "asset-group", assetGroupId: groupId } as const;
      const settings = [
        {},
        { scope, ephemeralHours: 1, reimagedHosts: "merge" },
        { scope, maxEnrollments: 2 },
        { requireApproval: true, expiresAt: new Date(world.clock.ms + HOUR).toISOString() },
      ] as const;
      values.length = 0;
      for (const [index, given] of settings.entries()) {
        const body = {
          name: `${name} ${index}`,
          scope: { type: "all-assets" },
          expiresAt: null,
          ...given,
        } as const;
        values.push((await world.call(tokens.createEnrollmentToken, cookie, { body })).value);
      }
    },
    /** Writes the refusals that wait in memory. */
    async flush(): Promise<void> {
      for (const { services } of servers) await services.refusals.flush();
    },
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`numbers that the database keeps equal a recount after any concurrent operations (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const fleet = await openFleet(world, dialect);
    const follow = async (steps: Step[]) => {
      await fleet.begin();
      for (const { ms, operations } of steps) {
        world.clock.ms += ms;
        await Promise.all(operations.map(fleet.carryOut));
        await fleet.flush();
        await requireExact(world);
      }
    };
    const steps = fc.array(step, { minLength: 4, maxLength: 12 });
    // A failure prints its seed and path.
    await fc.assert(fc.asyncProperty(steps, follow), { numRuns: drawnCases(18), endOnFailure: true });
  }, 300_000);
}
