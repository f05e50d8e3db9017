// For every action and every state of a token, `can` and the API agree, and give the same reason.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import { canOf } from "@attacklens/protocol/obstacles.ts";
import * as blocking from "@attacklens/protocol/revoke-and-block.ts";
import { type Route, routePath } from "@attacklens/protocol/route.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import { TOKEN_OBSTACLES } from "@attacklens/protocol/token-obstacles.ts";
import { drawSome } from "../../harness/long-tests.ts";
import type { Dialect } from "../db/dialect.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { TOKEN_ACTIONS, type TokenAction } from "./token-obstacles.ts";

const STATES = ["revoked", "expired", "group-deleted", "used-up", "paused"] as const;
type State = (typeof STATES)[number];
/** The rules are the same on both databases. Without LONG_TESTS=1, most of the drawn ones are on SQLite. */
const combinationsOn = (dialect: Dialect) => drawSome(COMBINATIONS, dialect === "sqlite" ? 16 : 6);
const COMBINATIONS = Array.from({ length: 2 ** STATES.length }, (_, bits) =>
  STATES.filter((_state, place) => bits & (1 << place)),
);

const CALLS: Record<TokenAction, Route> = {
  edit: routes.updateEnrollmentToken,
  pause: routes.pauseEnrollmentToken,
  resume: routes.resumeEnrollmentToken,
  revoke: routes.revokeEnrollmentToken,
  rotate: routes.rotateEnrollmentToken,
  revokeAndBlock: blocking.revokeAndBlockEnrollmentToken,
  delete: routes.deleteEnrollmentToken,
};
let made = 0;

async function makeToken(world: World, cookie: string, states: readonly State[]) {
  const { db, clock } = world;
  const name = `Token ${++made}`;
  const group = await world.call(createAssetGroup, cookie, { body: { name } });
  const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
    body: {
      name,
      scope: { type: "asset-group", assetGroupId: group.id },
      expiresAt: null,
      maxEnrollments: 1,
    },
  });
  const { id } = enrollmentToken;
  if (states.includes("used-up")) {
    const sensor = makeTestSensor();
    const path = "/sensor/v1/enroll";
    const init = sensor.request("POST", path, sensor.enrollBody(), clock.ms, { token: value });
    expect((await world.fetch(path, init)).status).toBe(201);
  }
  if (states.includes("group-deleted"))
    await db.updateTable("assetGroup").set({ deletedAt: clock.ms }).where("id", "=", group.id).execute();
  const columns = {
    ...(states.includes("revoked") ? { revokedAt: clock.ms } : {}),
    // A token is already expired at the exact time of its expiry.
    ...(states.includes("expired") ? { expiresAt: clock.ms } : {}),
    ...(states.includes("paused") ? { pausedAt: clock.ms } : {}),
  };
  if (Object.keys(columns).length > 0)
    await db.updateTable("enrollmentToken").set(columns).where("id", "=", id).execute();
  return id;
}

async function attempt(world: World, cookie: string, action: TokenAction, id: string, fetch = world.fetch) {
  const bodies: Partial<Record<TokenAction, () => Promise<unknown>>> = {
    edit: async () => ({ description: "Changed" }),
    rotate: async () => ({
      name: `Successor ${++made}`,
      expiresAt: null,
      oldExpiresAt: new Date(world.clock.ms).toISOString(),
    }),
    revokeAndBlock: async () => {
      const { toBlock } = await world.call(blocking.previewEnrollmentToken, cookie, { params: { id } });
      return { expectedSensors: toBlock };
    },
  };
  const route = CALLS[action];
  const init = jsonInit(route.method, await bodies[action]?.(), { cookie });
  const response = await fetch(routePath(route, { id }), init);
  const body = response.status === 204 ? {} : ((await response.json()) as Record<string, string>);
  return { status: response.status, code: body.code, detail: body.detail };
}

async function seeInList(world: World, as: string, id: string): Promise<routes.ListedToken> {
  const { items } = await world.call(routes.listEnrollmentTokens, as, { query: { limit: 200 } });
  return items.find((token) => token.id === id)!;
}

for (const dialect of TESTED_DIALECTS) {
  test(`can of a token agrees with the API in every state (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const viewer = await world.signedIn("viewer");
    for (const states of combinationsOn(dialect)) {
      const id = await makeToken(world, cookie, states);
      const params = { id };
      const before = await world.db
        .selectFrom("enrollmentToken")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      const { can } = await world.call(routes.getEnrollmentToken, cookie, { params });
      const listed = await seeInList(world, cookie, id);
      for (const action of TOKEN_ACTIONS) {
        const told = `${states.join("+")}: ${action}`;
        expect([told, canOf(TOKEN_OBSTACLES, listed, action)]).toEqual([told, can[action]]);
        if (states.length === 0) {
          const { can: forViewer } = await world.call(routes.getEnrollmentToken, viewer, { params });
          const listedForViewer = await seeInList(world, viewer, id);
          expect(canOf(TOKEN_OBSTACLES, listedForViewer, action)).toEqual(forViewer[action]);
          const refused = await attempt(world, viewer, action, id);
          expect([told, refused.status, refused.detail]).toEqual([told, 403, forViewer[action].reason]);
        }
        const { status, code, detail } = await attempt(world, cookie, action, id);
        expect([told, status < 400, detail]).toEqual([told, can[action].allowed, can[action].reason]);
        if (can[action].allowed)
          await world.db.updateTable("enrollmentToken").set(before).where("id", "=", id).execute();
        else expect([told, status, code]).toEqual([told, 409, "state-conflict"]);
      }
    }
  });

  test(`when two servers receive the same action at once, one request succeeds (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    for (const action of ["pause", "revoke"] as const) {
      const id = await makeToken(world, cookie, []);
      const replies = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          attempt(world, cookie, action, id, index % 2 === 0 ? world.fetch : second),
        ),
      );
      expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
      const events = await world.db
        .selectFrom("auditEvent")
        .select("action")
        .where("entityId", "=", id)
        .execute();
      expect(events).toHaveLength(2);
    }
  });

  test(`the preview counts the sensors that can be blocked, and they are blocked (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { db, clock } = world;
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: { name: "All", scope: { type: "all-assets" }, expiresAt: null, requireApproval: true },
    });
    const params = { id: enrollmentToken.id };
    const ids: string[] = [];
    for (const columns of [
      {},
      { uninstalledAt: clock.ms },
      { removedAt: clock.ms },
      { awaitingApproval: 0 },
    ]) {
      for (const blocked of [{}, { blockedAt: clock.ms }]) {
        const sensor = makeTestSensor();
        const path = "/sensor/v1/enroll";
        const init = sensor.request("POST", path, sensor.enrollBody(), clock.ms, { token: value });
        const { sensorId } = (await (await world.fetch(path, init)).json()) as { sensorId: string };
        const changed = { reportedAt: clock.ms, ...columns, ...blocked };
        await db.updateTable("sensor").set(changed).where("id", "=", sensorId).execute();
        ids.push(sensorId);
      }
    }
    const countBlockable = async () => {
      const sensors = await Promise.all(ids.map((id) => world.call(getSensor, cookie, { params: { id } })));
      return sensors.filter(({ can }) => can.block.allowed).length;
    };
    const { toBlock } = await world.call(blocking.previewEnrollmentToken, cookie, { params });
    expect(toBlock).toBe(await countBlockable());
    const body = { expectedSensors: toBlock };
    const { blockedSensors } = await world.call(blocking.revokeAndBlockEnrollmentToken, cookie, {
      params,
      body,
    });
    expect([toBlock, blockedSensors, await countBlockable()]).toEqual([4, 4, 0]);
  });

  test(`no action finds a deleted token (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const id = await makeToken(world, cookie, []);
    expect((await attempt(world, cookie, "delete", id)).status).toBe(204);
    for (const action of TOKEN_ACTIONS) {
      if (action === "revokeAndBlock") continue;
      expect([action, (await attempt(world, cookie, action, id)).status]).toEqual([action, 404]);
    }
  });
}
