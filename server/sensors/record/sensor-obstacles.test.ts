// For every action and every state of a sensor, `can`, the row of the list and the API agree, and give the
// same reason.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { canOf } from "@attacklens/protocol/obstacles.ts";
import { type Route, routePath } from "@attacklens/protocol/route.ts";
import { SENSOR_OBSTACLES } from "@attacklens/protocol/sensor-obstacles.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import { drawSome } from "../../../harness/long-tests.ts";
import type { Dialect } from "../../db/dialect.ts";
import { makeTestSensor } from "../../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../../testing/test-world.ts";
import { SENSOR_ACTIONS, type SensorAction } from "./sensor-obstacles.ts";

const STATES = ["awaiting", "approved", "blocked", "unenrolled", "removed", "replaced", "matched"] as const;
type State = (typeof STATES)[number];
/** The rules are the same on both databases. Without LONG_TESTS=1, most of the drawn ones are on SQLite. */
const combinationsOn = (dialect: Dialect) => drawSome(COMBINATIONS, dialect === "sqlite" ? 24 : 8);
const COMBINATIONS = Array.from({ length: 2 ** STATES.length }, (_, bits) =>
  STATES.filter((_state, place) => bits & (1 << place)),
);

const CALLS: Record<SensorAction, Route> = {
  approve: routes.approveSensor,
  withdrawApproval: routes.withdrawApproval,
  block: routes.blockSensor,
  unblock: routes.unblockSensor,
  delete: routes.deleteSensor,
  reEnroll: routes.createTicket,
  merge: routes.mergeSensor,
  dismissMatch: routes.dismissMatch,
  undoMerge: routes.undoMerge,
};

async function setUp(dialect: (typeof TESTED_DIALECTS)[number]) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const { value } = await world.call(createEnrollmentToken, cookie, {
    body: { name: "All", scope: { type: "all-assets" }, expiresAt: null },
  });
  const enroll = async (hostname: string) => {
    const key = makeTestSensor();
    const path = "/sensor/v1/enroll";
    const init = key.request("POST", path, key.enrollBody(hostname), world.clock.ms, { token: value });
    return ((await (await world.fetch(path, init)).json()) as { sensorId: string }).sensorId;
  };
  const [subject, predecessor, successor] = [
    await enroll("web-01"),
    await enroll("old"),
    await enroll("new"),
  ];
  const rows = await world.db.selectFrom("sensor").select(["id", "assetId"]).execute();
  const assetOf = new Map(rows.map(({ id, assetId }) => [id, assetId]));
  const restore = {
    ...{
      awaitingApproval: 0,
      approvedAt: null,
      blockedAt: null,
      uninstalledAt: null,
      removedAt: null,
      deletedAt: null,
    },
    ...{ replacedBy: null, replacedAt: null },
  };

  /** Resets the sensor, then sets these states. */
  async function become(states: readonly State[]): Promise<void> {
    const { db, clock } = world;
    const at = (state: State) => (states.includes(state) ? clock.ms : null);
    await db.deleteFrom("sensorMatch").execute();
    const change = (id: string, columns: object) =>
      db
        .updateTable("sensor")
        .set({ ...restore, assetId: assetOf.get(id)!, ...columns })
        .where("id", "=", id)
        .execute();
    await change(subject, {
      awaitingApproval: states.includes("awaiting") ? 1 : 0,
      approvedAt: at("approved"),
      blockedAt: at("blocked"),
      uninstalledAt: at("unenrolled"),
      removedAt: at("removed"),
      replacedAt: at("replaced"),
      replacedBy: states.includes("replaced") ? successor : null,
    });
    await change(successor, {});
    await change(predecessor, {});
    const offline = { lastSeenAt: 0 };
    await db.updateTable("sensorPresence").set(offline).where("sensorId", "=", predecessor).execute();
    if (!states.includes("matched")) return;
    const open = { decision: null, decidedAt: null, decidedBy: null, formerAssetId: null };
    const pair = { sensorId: subject, predecessorId: predecessor, facts: "[]", isCertain: 1 };
    await db
      .insertInto("sensorMatch")
      .values({ ...pair, ...open })
      .execute();
  }

  const see = (as: string) => world.call(routes.getSensor, as, { params: { id: subject } });
  async function seeInList(as: string, status: routes.SensorStatus): Promise<routes.ListedSensor> {
    const { items } = await world.call(routes.listSensors, as, { query: { status } });
    return items.find(({ id }) => id === subject)!;
  }
  const { fingerprint } = await see(cookie);
  const bodies: Partial<Record<SensorAction, object>> = {
    approve: { fingerprint },
    merge: { predecessorId: predecessor },
    dismissMatch: { predecessorId: predecessor },
  };
  async function attempt(as: string, action: SensorAction, fetch: World["fetch"] = world.fetch) {
    const route = CALLS[action];
    const path = routePath(route, { id: subject });
    const response = await fetch(path, jsonInit(route.method, bodies[action], { cookie: as }));
    const body = response.status === 204 ? {} : ((await response.json()) as Record<string, string>);
    return { status: response.status, code: body.code, detail: body.detail };
  }
  return { world, cookie, become, see, seeInList, attempt };
}

for (const dialect of TESTED_DIALECTS) {
  test(`can of a sensor agrees with the API in every state (${dialect})`, async () => {
    const { world, cookie, become, see, attempt } = await setUp(dialect);
    await using _ = world;
    const viewer = await world.signedIn("viewer");
    for (const states of combinationsOn(dialect)) {
      await become(states);
      const { can } = await see(cookie);
      for (const action of SENSOR_ACTIONS) {
        const told = `${states.join("+")}: ${action}`;
        if (states.length === 0) {
          const { can: forViewer } = await see(viewer);
          const refused = await attempt(viewer, action);
          expect([told, refused.status, refused.detail]).toEqual([told, 403, forViewer[action].reason]);
        }
        const { status, code, detail } = await attempt(cookie, action);
        expect([told, status < 400, detail]).toEqual([told, can[action].allowed, can[action].reason]);
        if (can[action].allowed) await become(states);
        else expect([told, status, code]).toEqual([told, 409, "state-conflict"]);
      }
    }
    await become([]);
    await attempt(cookie, "delete");
    for (const action of SENSOR_ACTIONS)
      expect([action, (await attempt(cookie, action)).status]).toEqual([action, 404]);
  });

  test(`a row of the list agrees with can in every state (${dialect})`, async () => {
    const { world, cookie, become, see, seeInList } = await setUp(dialect);
    await using _ = world;
    const viewer = await world.signedIn("viewer");
    for (const states of combinationsOn(dialect)) {
      await become(states);
      for (const as of states.length === 1 ? [cookie, viewer] : [cookie]) {
        const { can, fingerprint, status } = await see(as);
        const row = await seeInList(as, status);
        for (const action of SENSOR_ACTIONS)
          expect([states, action, canOf(SENSOR_OBSTACLES, row, action)]).toEqual([
            states,
            action,
            can[action],
          ]);
        const shown = states.includes("awaiting") ? fingerprint : undefined;
        expect([states, row.fingerprint]).toEqual([states, shown]);
      }
    }
  });

  test(`when two servers receive the same action at once, one request succeeds (${dialect})`, async () => {
    const { world, cookie, become, attempt } = await setUp(dialect);
    await using _ = world;
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    for (const [action, states] of [
      ["approve", ["awaiting"]],
      ["withdrawApproval", ["approved"]],
      ["block", []],
      ["unblock", ["blocked"]],
      ["merge", ["matched"]],
      ["dismissMatch", ["matched"]],
      ["undoMerge", ["replaced"]],
    ] as const) {
      await become(states);
      const replies = await Promise.all(
        Array.from({ length: 4 }, (_, index) =>
          attempt(cookie, action, index % 2 === 0 ? world.fetch : second),
        ),
      );
      const outcomes = replies.map(({ status }) => status).toSorted();
      expect([action, ...outcomes]).toEqual([action, 200, 409, 409, 409]);
    }
  });
}
