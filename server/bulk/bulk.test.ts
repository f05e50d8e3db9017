// Actions on all objects that match a filter.
import { describe, expect, test } from "bun:test";
import type { BulkProgress } from "@attacklens/protocol/bulk.ts";
import { createEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { previewSensorAction, runSensorAction } from "@attacklens/protocol/sensor-actions.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { previewTokenAction, runTokenAction } from "@attacklens/protocol/token-actions.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { openFleet } from "../testing/test-fleet.ts";
import type { World } from "../testing/test-world.ts";
import { jsonInit, openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const HOSTS = 45;

async function run(world: World, cookie: string, route: { path: string }, body: object) {
  const response = await world.fetch(route.path, jsonInit("POST", body, { cookie }));
  const text = await response.text();
  const lines = text.split("\n").filter(Boolean);
  return { status: response.status, text, lines: lines.map((line) => JSON.parse(line) as BulkProgress) };
}

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    test("an action changes exactly the previewed sensors, and audits each", async () => {
      await using fleet = await openFleet(dialect);
      const { world, cookie } = fleet;
      for (let index = 0; index < HOSTS; index++) await fleet.enroll(`web-${index}`, {});
      const spared = await fleet.enroll("db-01", {});
      const block = { action: "block" as const, filter: { q: "web" } };
      const preview = await world.call(previewSensorAction, cookie, { body: block });
      expect(preview).toMatchObject({ matching: HOSTS, possible: HOSTS, impossible: [] });
      expect(preview.sample).toHaveLength(10);

      // The same number of sensors, but other ones.
      const [first] = await fleet.list({ q: "web-0" });
      await run(world, cookie, runSensorAction, {
        action: "delete",
        filter: { q: "web-0" },
        fingerprint: (
          await world.call(previewSensorAction, cookie, {
            body: { action: "delete", filter: { q: "web-0" } },
          })
        ).fingerprint,
      });
      expect(await fleet.list()).not.toContain(first!);
      await fleet.enroll("web-new", {});
      const refused = await run(world, cookie, runSensorAction, {
        ...block,
        fingerprint: preview.fingerprint,
      });
      expect(refused.status).toBe(409);
      expect(refused.text).toContain("The selection has changed since the preview");
      expect(await fleet.list({ status: "blocked" })).toEqual([]);

      const { fingerprint } = await world.call(previewSensorAction, cookie, { body: block });
      const { lines } = await run(world, cookie, runSensorAction, { ...block, fingerprint });
      expect(lines.at(0)).toMatchObject({ total: HOSTS, done: 0, isFinished: false });
      expect(lines.at(-1)).toEqual({ total: HOSTS, done: HOSTS, refused: 0, refusals: [], isFinished: true });
      const blocked = await fleet.list({ status: "blocked", limit: 200 });
      expect(blocked).toHaveLength(HOSTS);
      expect(blocked).not.toContain(spared.id);
      const events = await fleet.events("sensor.blocked");
      expect(events.map(({ entityId }) => entityId).toSorted()).toEqual(blocked);

      const again = await world.call(previewSensorAction, cookie, { body: { action: "block", filter: {} } });
      expect(again).toMatchObject({ matching: HOSTS + 1, possible: 1, sample: ["db-01"] });
      expect(again.impossible).toEqual([
        { reason: "Can't block the sensor: it is already blocked.", count: HOSTS },
      ]);
    });

    test("an action ends with its connection, and when its user may no longer take it", async () => {
      await using fleet = await openFleet(dialect);
      const { world, cookie } = fleet;
      await insertFleet(world.db, { sensors: 2_000, now: world.clock.ms });
      const body = { action: "delete" as const, filter: {} };
      const { possible, fingerprint } = await world.call(previewSensorAction, cookie, { body });
      const init = jsonInit("POST", { ...body, fingerprint }, { cookie });
      const response = await world.fetch(runSensorAction.path, init);
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
      const left = (await world.call(listSensors, cookie, {})).total;
      expect(left).toBeGreaterThan(possible - 1_000);

      const next = await world.call(previewSensorAction, cookie, { body });
      const started = await world.fetch(
        runSensorAction.path,
        jsonInit("POST", { ...body, fingerprint: next.fingerprint }, { cookie }),
      );
      await world.db.updateTable("user").set({ status: "disabled" }).execute();
      const last = (await started.text()).trim().split("\n").at(-1)!;
      expect(JSON.parse(last)).toMatchObject({ done: 0, isFinished: true, problem: "Sign in to continue" });
    });

    test("tokens are paused, resumed, revoked and deleted by their filters", async () => {
      await using world = await openWorld(dialect);
      const cookie = await world.signedIn("posture-manager");
      for (let index = 0; index < 5; index++)
        await world.call(createEnrollmentToken, cookie, {
          body: { name: `Window ${index}`, scope: { type: "all-assets" }, expiresAt: null },
        });
      for (const [action, status] of [
        ["pause", "paused"],
        ["resume", "active"],
        ["revoke", "revoked"],
      ] as const) {
        const body = { action, filter: { q: "window" } };
        const { possible, fingerprint } = await world.call(previewTokenAction, cookie, { body });
        expect(possible).toBe(5);
        const { lines } = await run(world, cookie, runTokenAction, { ...body, fingerprint });
        expect(lines.at(-1)).toMatchObject({ done: 5, refused: 0, isFinished: true });
        const { items } = await world.call(listEnrollmentTokens, cookie, {});
        expect(items.map((token) => token.status)).toEqual(Array(5).fill(status));
        const events = await world.db
          .selectFrom("auditEvent")
          .select(["entityId", "details"])
          .where("action", "=", `enrollment-token.${status === "active" ? "resumed" : status}`)
          .execute();
        expect(new Set(events.map(({ entityId }) => entityId))).toEqual(new Set(items.map(({ id }) => id)));
        const details = action === "revoke" ? '{"enrolledSensors":0}' : "{}";
        expect(events.map((event) => event.details)).toEqual(Array(5).fill(details));
      }
      const body = { action: "delete" as const, filter: { status: "revoked" as const } };
      const { fingerprint } = await world.call(previewTokenAction, cookie, { body });
      await run(world, cookie, runTokenAction, { ...body, fingerprint });
      expect((await world.call(listEnrollmentTokens, cookie, {})).total).toBe(0);
    });
  });
}
