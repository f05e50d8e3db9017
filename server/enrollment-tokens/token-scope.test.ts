import { expect, test } from "bun:test";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import { jsonInit, openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a token can be scoped only to an existing group (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const group = await world.call(groups.createAssetGroup, cookie, { body: { name: "Finance" } });
    const scope = { type: "asset-group", assetGroupId: group.id };
    const body = { name: "Finance endpoints", scope, expiresAt: null };
    const created = await world.fetch("/api/v1/enrollment-tokens", jsonInit("POST", body, { cookie }));
    expect(await created.json()).toMatchObject({
      enrollmentToken: {
        scope: { type: "asset-group", assetGroup: { id: group.id, name: "Finance", deleted: false } },
      },
    });

    const missing = { ...scope, assetGroupId: group.id.replace(/.$/, (last) => (last === "0" ? "1" : "0")) };
    const init = jsonInit("POST", { ...body, name: "Other", scope: missing }, { cookie });
    const refused = await world.fetch("/api/v1/enrollment-tokens", init);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ fields: { "scope.assetGroupId": expect.any(String) } });
  });

  test(`a named asset group is found or created with the token, and not without it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const create = async (name: string, assetGroupName: string, others = {}) => {
      const scope = { type: "asset-group", assetGroupName, ...others };
      const init = jsonInit("POST", { name, scope, expiresAt: null }, { cookie });
      const reply = await world.fetch("/api/v1/enrollment-tokens", init);
      return { status: reply.status, body: (await reply.json()) as { fields?: object } };
    };
    const namesOf = async () =>
      (await world.call(groups.listAssetGroups, cookie)).items.map(({ name }) => name);
    const both = await Promise.all(["A", "B", "C"].map((name) => create(name, "Finance")));
    expect(both.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await create("D", "ＦＩＮＡＮＣＥ")).status).toBe(201);
    expect(await namesOf()).toEqual(["Finance"]);
    const [finance] = (await world.call(groups.listAssetGroups, cookie)).items;
    expect(finance?.enrollmentTokens).toBe(4);
    // A refused token leaves no group.
    expect((await create("A", "Sales")).status).toBe(409);
    expect(await namesOf()).toEqual(["Finance"]);
    const unnamed = await create("E", " ");
    expect([unnamed.status, Object.keys(unnamed.body.fields ?? {})]).toEqual([422, ["scope.assetGroupName"]]);
    expect((await create("E", "Sales", { assetGroupId: finance?.id })).status).toBe(422);
    const created = world.db.selectFrom("auditEvent").select("entityName");
    expect(await created.where("action", "=", "asset-group.created").execute()).toEqual([
      { entityName: "Finance" },
    ]);
  });
}
