// The number of assets of a group is a counter. The assets of a deleted group leave it after the reply.
import { expect, test } from "bun:test";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { emptyDeletedGroups, mergeAsset, separateAsset } from "../assets/assets.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const PATH = "/sensor/v1/enroll";

for (const dialect of TESTED_DIALECTS) {
  test(`a group counts its assets, and after its deletion they have no group at once (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const group = await world.call(groups.createAssetGroup, cookie, { body: { name: "Web" } });
    const scope = { type: "asset-group", assetGroupId: group.id } as const;
    const body = { name: "Servers", scope, expiresAt: null };
    const { value } = await world.call(tokens.createEnrollmentToken, cookie, { body });
    for (const hostname of ["web-01", "web-02", "web-03"]) {
      const sensor = makeTestSensor();
      const init = sensor.request("POST", PATH, sensor.enrollBody(hostname), world.clock.ms, {
        token: value,
      });
      expect((await world.fetch(PATH, init)).status).toBe(201);
    }
    const counted = async () =>
      (await world.call(groups.getAssetGroup, cookie, { params: { id: group.id } })).assets;
    const inGroup = async () => {
      const query = { assetGroupId: group.id };
      const [assets, sensors] = [
        await world.call(listAssets, cookie, { query }),
        await world.call(listSensors, cookie, { query }),
      ];
      return [assets.total, sensors.total];
    };
    expect([await counted(), await inGroup()]).toEqual([3, [3, 3]]);

    const [one, other] = (await world.call(listAssets, cookie)).items.map(({ id }) => id);
    const merge = () => world.db.transaction().execute((tx) => mergeAsset(tx, one!, other!));
    const separate = () => world.db.transaction().execute((tx) => separateAsset(tx, one!, other!, {}));
    // A repeated change does not change the count again.
    for (const [change, assets] of [
      [merge, 2],
      [merge, 2],
      [separate, 3],
      [separate, 3],
    ] as const) {
      await change();
      expect([await counted(), (await inGroup())[0]]).toEqual([assets, assets]);
    }

    await world.call(groups.deleteAssetGroup, cookie, { params: { id: group.id } });
    const groupsOf = async () => [
      ...(await world.call(listAssets, cookie)).items.map(({ assetGroup }) => assetGroup),
      ...(await world.call(listSensors, cookie)).items.map(({ assetGroup }) => assetGroup),
    ];
    expect([await inGroup(), await groupsOf()]).toEqual([[0, 0], Array(6).fill(null)]);
    expect([await emptyDeletedGroups(world.db), await emptyDeletedGroups(world.db)]).toEqual([3, 0]);
    expect([await inGroup(), await groupsOf()]).toEqual([[0, 0], Array(6).fill(null)]);
    const { details } = await world.db
      .selectFrom("auditEvent")
      .select("details")
      .where("action", "=", "asset-group.deleted")
      .executeTakeFirstOrThrow();
    expect(JSON.parse(details)).toMatchObject({ assets: 3 });
  });
}
