// Users move assets to asset groups and set their types, one or all that match.
import { describe, expect, test } from "bun:test";
import { previewAssetAction, runAssetAction } from "@attacklens/protocol/asset-actions.ts";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import { getAsset, listAssets, moveAsset, setAssetType } from "@attacklens/protocol/assets.ts";
import { HISTORIES } from "@attacklens/protocol/audit-events.ts";
import type { BulkProgress } from "@attacklens/protocol/bulk.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors, mergeSensor } from "@attacklens/protocol/sensors.ts";
import { HARDWARE, HOUR_MS, openFleet } from "../testing/test-fleet.ts";
import { jsonInit, TESTED_DIALECTS } from "../testing/test-world.ts";

type Fleet = Awaited<ReturnType<typeof openFleet>>;

/** Hosts of a group, and what users see of the groups. */
async function openGroups(fleet: Fleet) {
  const { world, cookie } = fleet;
  const create = (name: string) => world.call(groups.createAssetGroup, cookie, { body: { name } });
  const [web, finance] = [await create("Web"), await create("Finance")];
  const scope = { type: "asset-group", assetGroupId: web.id } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, {
    body: { name: "Web servers", scope, expiresAt: null },
  });
  return {
    ...{ web, finance, value },
    /** Enrolls a host in the group Web. */
    async enroll(hostname: string, facts: Record<string, unknown> = {}) {
      const sensor = await fleet.enroll(hostname, facts, value);
      return { ...sensor, assetId: (await fleet.see(sensor.id)).asset.id };
    },
    move: (id: string, body: { assetGroupId?: string | null; assetGroupName?: string }, by = cookie) =>
      world.call(moveAsset, by, { params: { id }, body }),
    /** The number of each group, which equals the number of rows of both lists. */
    async counted() {
      const { items } = await world.call(groups.listAssetGroups, cookie, {});
      for (const { id: assetGroupId, assets } of items) {
        const query = { assetGroupId };
        expect((await world.call(listAssets, cookie, { query })).total).toBe(assets);
        expect((await world.call(listSensors, cookie, { query })).total).toBe(assets);
      }
      return Object.fromEntries(items.map(({ name, assets }) => [name, assets]));
    },
    async act(body: object) {
      const response = await world.fetch(runAssetAction.path, jsonInit("POST", body, { cookie }));
      const text = await response.text();
      if (response.status !== 200) return { status: response.status, text };
      return { status: 200, last: JSON.parse(text.trim().split("\n").at(-1)!) as BulkProgress };
    },
  };
}

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    test(`a moved asset stays where a user moved it, and each move is in its history (${dialect})`, async () => {
      await using fleet = await openFleet(dialect);
      const { world, cookie } = fleet;
      const { web, finance, value, enroll, move, counted } = await openGroups(fleet);
      const host = await enroll("web-01");
      await enroll("web-02");
      expect(await counted()).toEqual({ Web: 2, Finance: 0 });

      expect((await move(host.assetId, { assetGroupId: finance.id })).assetGroup).toEqual({
        id: finance.id,
        name: "Finance",
      });
      // The same again changes nothing.
      await move(host.assetId, { assetGroupName: "FINANCE" });
      expect((await fleet.checkIn(host)).status).toBe(200);
      // The same key with the token of the group Web gets the same sensor, and moves nothing.
      world.clock.ms += 1;
      const init = host.key.request(
        "POST",
        "/sensor/v1/enroll",
        host.key.enrollBody("web-01"),
        world.clock.ms,
        {
          token: value,
          nonce: world.clock.ms * 1000,
        },
      );
      expect(await (await world.fetch("/sensor/v1/enroll", init)).json()).toMatchObject({
        sensorId: host.id,
        assetGroup: { name: "Finance" },
      });
      expect((await fleet.see(host.id)).assetGroup?.name).toBe("Finance");
      expect(await counted()).toEqual({ Web: 1, Finance: 1 });

      await move(host.assetId, { assetGroupName: "Branch Offices" });
      expect(await counted()).toEqual({ Web: 1, Finance: 0, "Branch Offices": 1 });
      await move(host.assetId, { assetGroupId: null });
      expect((await fleet.see(host.id)).assetGroup).toBeNull();
      expect(await counted()).toEqual({ Web: 1, Finance: 0, "Branch Offices": 0 });

      const { items } = await world.call(HISTORIES.asset, cookie, { params: { id: host.assetId } });
      const moves = items.filter(({ action }) => action === "asset.moved").toReversed();
      expect(moves.map(({ before, after }) => [before, after])).toEqual([
        [{ assetGroup: "Web" }, { assetGroup: "Finance" }],
        [{ assetGroup: "Finance" }, { assetGroup: "Branch Offices" }],
        [{ assetGroup: "Branch Offices" }, { assetGroup: null }],
      ]);

      // A group that was deleted is no group, also before its assets have left it.
      await move(host.assetId, { assetGroupId: finance.id });
      await world.call(groups.deleteAssetGroup, cookie, { params: { id: finance.id } });
      await expect(move(host.assetId, { assetGroupId: finance.id })).rejects.toThrow("input-invalid");
      await move(host.assetId, { assetGroupId: web.id });
      expect((await fleet.events("asset.moved")).at(-1)?.details).toEqual({
        before: { assetGroup: null },
        after: { assetGroup: "Web" },
      });
      expect(await counted()).toEqual({ Web: 2, "Branch Offices": 0 });

      for (const body of [{}, { assetGroupId: web.id, assetGroupName: "Web" }, { assetGroupName: " " }])
        await expect(move(host.assetId, body)).rejects.toThrow("input-invalid");
      const viewer = await world.signedIn("viewer");
      const seen = await world.call(getAsset, viewer, { params: { id: host.assetId } });
      expect(seen.can).toMatchObject({ move: { allowed: false, needsRole: "posture-manager" } });
      await expect(move(host.assetId, { assetGroupId: null }, viewer)).rejects.toThrow("permission-missing");
      const unknown = host.assetId.replaceAll(/\d/g, "0");
      await expect(move(unknown, { assetGroupName: "Never created" })).rejects.toThrow();
      expect(Object.keys(await counted())).toEqual(["Branch Offices", "Web"]);
    });

    test(`a host that a user moved stays there when its merge is undone (${dialect})`, async () => {
      await using fleet = await openFleet(dialect);
      const { finance, enroll, move, counted } = await openGroups(fleet);
      const old = await enroll("db-07", HARDWARE);
      fleet.world.clock.ms += HOUR_MS;
      const successor = await enroll("db-07", HARDWARE);
      await fleet.world.call(mergeSensor, fleet.cookie, {
        params: { id: successor.id },
        body: { predecessorId: old.id },
      });
      await move(old.assetId, { assetGroupId: finance.id });
      await expect(move(successor.assetId, { assetGroupId: null })).rejects.toThrow("not-found");
      expect(await counted()).toEqual({ Web: 0, Finance: 1 });
      // The old sensor is another host, and undoes the merge.
      expect((await fleet.checkIn(old)).status).toBe(200);
      for (const { id, assetId } of [old, successor])
        expect(await fleet.see(id)).toMatchObject({
          asset: { id: assetId },
          assetGroup: { name: "Finance" },
        });
      expect(await counted()).toEqual({ Web: 0, Finance: 2 });
    });

    test(`an action moves exactly the previewed assets, and refuses another selection (${dialect})`, async () => {
      await using fleet = await openFleet(dialect);
      const { world, cookie } = fleet;
      const { web, finance, enroll, move, counted, act } = await openGroups(fleet);
      const hosts = [];
      for (let index = 0; index < 12; index++) hosts.push(await enroll(`web-${index}`));
      await enroll("spared");
      const unscoped = await fleet.enroll("web-new", {});
      await move(hosts[0]!.assetId, { assetGroupId: finance.id });
      const body = {
        action: "move" as const,
        to: { assetGroupName: "finance" },
        filter: { q: "web" },
      };
      const preview = () => world.call(previewAssetAction, cookie, { body });
      const first = await preview();
      expect(first).toMatchObject({
        ...{ matching: 13, possible: 12 },
        impossible: [{ reason: "Can't move the asset: it is already in this asset group.", count: 1 }],
      });
      await move(hosts[0]!.assetId, { assetGroupId: web.id });
      const refused = await act({ ...body, fingerprint: first.fingerprint });
      expect([refused.status, refused.text]).toEqual([409, expect.stringContaining("has changed")]);
      expect(await counted()).toEqual({ Web: 13, Finance: 0 });

      const { last } = await act({ ...body, fingerprint: (await preview()).fingerprint });
      expect(last).toMatchObject({ total: 13, done: 13, refused: 0, isFinished: true });
      expect(await counted()).toEqual({ Web: 1, Finance: 13 });
      expect((await fleet.see(unscoped.id)).assetGroup?.name).toBe("Finance");
      const events = (await fleet.events("asset.moved")).slice(-13);
      expect(new Set(events.map(({ entityId }) => entityId)).size).toBe(13);
      expect(events.map(({ details }) => details.before.assetGroup).filter((name) => name === null)).toEqual([
        null,
      ]);

      // A refused action creates no group. An action for assets that are not there any more does nothing.
      const toNew = { action: "move", to: { assetGroupName: "New" }, filter: { assetGroupId: web.id } };
      const stale = await act({ ...toNew, fingerprint: first.fingerprint });
      expect(stale.status).toBe(409);
      expect(await counted()).toEqual({ Web: 1, Finance: 13 });
    });

    test(`an action sets the types of all that match, and returns them to the reports (${dialect})`, async () => {
      await using fleet = await openFleet(dialect);
      const { world, cookie } = fleet;
      const { enroll, act } = await openGroups(fleet);
      for (const name of ["pc-1", "pc-2", "pc-3"]) await enroll(name);
      const [one] = await fleet.assets();
      await world.call(setAssetType, cookie, { params: { id: one!.id }, body: { type: "laptop" } });
      const run = async (type: "laptop" | null, filter: object) => {
        const body = { action: "set-type" as const, type, filter };
        const { possible, impossible, fingerprint } = await world.call(previewAssetAction, cookie, { body });
        const { last } = await act({ ...body, fingerprint });
        return [possible, impossible.map(({ reason }) => reason), last!.done];
      };
      expect(await run("laptop", { q: "pc" })).toEqual([
        ...[2, ["Can't set the type of the asset: a user has set this type already."], 2],
      ]);
      expect((await fleet.assets()).map(({ type, typeSource }) => [type, typeSource])).toEqual(
        Array(3).fill(["laptop", "user"]),
      );
      expect(await run(null, { type: "laptop" })).toEqual([3, [], 3]);
      expect((await fleet.assets()).map(({ type, typeSource }) => [type, typeSource])).toEqual(
        Array(3).fill(["server", "derived"]),
      );
      expect((await fleet.events("asset.type-changed")).at(-1)?.details).toEqual({
        before: { type: "laptop", source: "user" },
        after: { type: "server", source: "derived" },
      });
      expect((await run(null, {}))[1]).toEqual([
        "Can't set the type of the asset: it comes from the reports of its sensor already.",
      ]);
    });
  });
}
