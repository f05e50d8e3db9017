// What users can do with rings, and what they cannot: names, groups, order, limits and the audit log.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import * as routes from "@attacklens/protocol/update-rings.ts";
import { addHosts, openRings, type TestFleet } from "../testing/test-rings.ts";
import { drawDialects, jsonInit } from "../testing/test-world.ts";
import { openFleetCounts } from "./fleet-counts.ts";

const NEW = "2026.12.0";
const namesOf = async ({ world, cookie }: TestFleet) =>
  (await world.call(routes.getUpdates, cookie)).rings.map(({ name }) => name);
const eventsOf = async ({ world, cookie }: TestFleet) =>
  (await world.call(routes.listUpdateEvents, cookie)).items.map(
    ({ actor, entity, action, before, after }) => [actor.name, entity.name, action, before, after],
  );

for (const dialect of drawDialects()) {
  test(`a new installation has one ring with every host, which stays the last (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { world, cookie } = fleet;
    await addHosts(fleet, 2);
    const { rings, releases, versions, can } = await world.call(routes.getUpdates, cookie);
    expect(rings).toMatchObject([
      {
        name: "Everything else",
        isLast: true,
        state: "no-release",
        target: null,
        hosts: { hosts: 2, unable: 2 },
      },
    ]);
    expect(rings[0]!.explanation).toBe(
      "No release is stored. Add one on the server's host: attacklens releases add FOLDER",
    );
    expect([releases, versions]).toEqual([[], [{ version: "2026.11.0", hosts: 2 }]]);
    expect(can).toEqual({
      create: { allowed: true },
      reorder: { allowed: false, reason: "There is only one ring to order" },
    });
    const { id } = rings[0]!;
    await expect(fleet.change(id, { name: "Other" })).rejects.toThrow("The last ring keeps its name");
    const group = await fleet.addGroup("Web");
    await expect(fleet.change(id, { assetGroupIds: [group] })).rejects.toThrow(
      "The last ring keeps its name",
    );
    const { deleteUpdateRing } = routes;
    await expect(world.call(deleteUpdateRing, cookie, { params: { id } })).rejects.toThrow(
      "so it stays where it is",
    );
    expect(await fleet.change(id, { canaries: 7, mandatory: true })).toMatchObject({
      canaries: 7,
      mandatory: true,
    });
  });

  test(`rings are created, ordered and deleted, and the log says who changed what (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { world, cookie } = fleet;
    const lab = await fleet.addRing("Lab");
    const office = await fleet.addRing("Office", {
      days: ["mon"],
      hours: "20:00-22:00",
      timeZone: "Asia/Tokyo",
    });
    expect(await namesOf(fleet)).toEqual(["Lab", "Office", "Everything else"]);
    await world.call(routes.orderUpdateRings, cookie, { body: { ids: [office.id, lab.id] } });
    expect(await namesOf(fleet)).toEqual(["Office", "Lab", "Everything else"]);
    for (const ids of [[lab.id], [lab.id, lab.id], [lab.id, office.id, office.id]])
      await expect(world.call(routes.orderUpdateRings, cookie, { body: { ids } })).rejects.toThrow(
        "Load the rings again",
      );
    await fleet.change(lab.id, { name: "Laboratory", canaries: 2, days: ["sun", "sat"] });
    // A group is in one ring. Taking it changes both.
    await fleet.change(office.id, { assetGroupIds: [office.assetGroups[0]!.id, lab.assetGroups[0]!.id] });
    expect((await fleet.ring("Laboratory")).assetGroups).toEqual([]);
    await fleet.act("pause", office.id);
    await fleet.act("resume", office.id);
    await world.call(routes.deleteUpdateRing, cookie, { params: { id: office.id } });
    expect(await namesOf(fleet)).toEqual(["Laboratory", "Everything else"]);
    // A new ring is in front of the last one, also after another was deleted.
    for (const name of ["A", "Z"]) {
      const { id } = await world.call(routes.createUpdateRing, cookie, { body: { name, assetGroupIds: [] } });
      expect(await namesOf(fleet)).toEqual(["Laboratory", name, "Everything else"]);
      if (name === "A") await world.call(routes.deleteUpdateRing, cookie, { params: { id } });
    }
    expect((await eventsOf(fleet)).slice(3)).toMatchObject([
      ["The admin", "Office", "update-ring.deleted", { assetGroups: ["Lab", "Office"] }, null],
      ["The admin", "Office", "update-ring.resumed", null, null],
      ["The admin", "Office", "update-ring.paused", null, null],
      [
        ...["The admin", "Office", "update-ring.changed"],
        { assetGroups: ["Office"] },
        { assetGroups: ["Lab", "Office"] },
      ],
      ["The admin", "Laboratory", "update-ring.changed", { assetGroups: ["Lab"] }, { assetGroups: [] }],
      [
        ...["The admin", "Laboratory", "update-ring.changed"],
        { name: "Lab", canaries: 1 },
        { name: "Laboratory", days: ["sat", "sun"], canaries: 2 },
      ],
      [
        ...["The admin", "Lab", "update-ring.moved"],
        { order: ["Lab", "Office"] },
        { order: ["Office", "Lab"] },
      ],
      ["The admin", "Office", "update-ring.created", null, { assetGroups: ["Office"] }],
      ["The admin", "Lab", "update-ring.created", null, { assetGroups: ["Lab"] }],
    ]);
  });

  test(`a repeated creation returns the same ring, unless it was deleted (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { world, cookie } = fleet;
    const create = async () => {
      const body = { name: "Lab", assetGroupIds: [] };
      const init = jsonInit("POST", body, { cookie, "idempotency-key": '"one"' });
      const reply = await world.fetch(routes.createUpdateRing.path, init);
      return { status: reply.status, ...((await reply.json()) as { id: string; code?: string }) };
    };
    const { id, status } = await create();
    expect(status).toBe(201);
    expect(await create()).toMatchObject({ status: 201, id });
    await world.call(routes.deleteUpdateRing, cookie, { params: { id } });
    expect(await create()).toMatchObject({ status: 409, code: "state-conflict" });
  });

  test(`a change that changes nothing is not recorded (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id, name, canaries, days, assetGroups } = await fleet.addRing("Lab");
    await fleet.change(id, { name, canaries, days, assetGroupIds: assetGroups.map((group) => group.id) });
    expect(await eventsOf(fleet)).toHaveLength(1);
  });

  test(`invalid rings are refused with the field (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { world, cookie } = fleet;
    const group = await world.call(createAssetGroup, cookie, { body: { name: "Web" } });
    await fleet.addRing("Lab");
    const missing = group.id.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    for (const [body, message] of [
      [{ name: "LAB" }, "is already in use by another ring"],
      [{ name: "everything else" }, "is already in use by another ring"],
      [{ assetGroupIds: [missing] }, "has an asset group that does not exist"],
      [{ version: NEW }, "is not the version of a stored release (none)"],
      [{ days: [] }, "must have at least one day"],
      [{ hours: "22:00" }, "must be two times such as 22:00-04:00"],
      [{ hours: "24:00-04:00" }, "must be two times such as 22:00-04:00"],
      [{ hours: "04:00-04:00" }, "must begin and end at different times"],
      [{ timeZone: "Mars/Olympus" }, "must be a time zone such as Europe/Berlin or UTC"],
      [{ canaries: 0 }, "must be at least 1"],
      [{ stopAfter: 1_001 }, "must be at most 1000"],
      [{ soakMinutes: -1 }, "must be at least 0"],
    ] as const)
      await expect(
        world.call(routes.createUpdateRing, cookie, {
          body: { name: "New", assetGroupIds: [group.id], ...body } as never,
        }),
      ).rejects.toThrow(message);
    expect(await namesOf(fleet)).toEqual(["Lab", "Everything else"]);
  });

  test(`another server whose plan is older admits no host to a ring that was paused (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id } = await fleet.addRing("Lab", { canaries: 3 });
    const [one, other] = await addHosts(fleet, 2, "Lab");
    await fleet.release(NEW);
    const second = await fleet.world.secondFetch();
    expect(await one!.checkIn(undefined, { fetch: second })).toBeDefined();
    await fleet.act("pause", id);
    expect(await other!.checkIn(undefined, { fetch: second })).toBeUndefined();
    await fleet.act("resume", id);
    expect(await other!.checkIn()).toEqual({ version: NEW, attempt: 1 });
  });

  test(`a host that moves to another ring follows that one (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const lab = await fleet.addRing("Lab");
    const office = await fleet.addRing("Office");
    const [host] = await addHosts(fleet, 1, "Office");
    await addHosts(fleet, 1, "Lab");
    await fleet.release(NEW);
    expect(await host!.checkIn()).toBeUndefined();
    await fleet.change(lab.id, { assetGroupIds: [office.assetGroups[0]!.id] });
    expect((await host!.see()).ring.name).toBe("Lab");
    expect(await host!.follow()).toEqual({ version: NEW, attempt: 1 });
  });

  test(`a fleet that takes long to count is counted again only after a rest (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await addHosts(fleet, 1);
    let elapsedMs = 0;
    let stepMs = 5;
    const elapsed = () => {
      elapsedMs += stepMs;
      return elapsedMs;
    };
    const countFleet = openFleetCounts(fleet.world.db, () => fleet.world.clock.ms, elapsed);
    const hosts = async () => (await countFleet()).groups.reduce((sum, group) => sum + group.hosts, 0);
    expect(await hosts()).toBe(1);
    await addHosts(fleet, 1);
    stepMs = 200;
    expect(await hosts()).toBe(2);
    await addHosts(fleet, 1);
    stepMs = 5;
    expect(await hosts()).toBe(2);
    elapsedMs += 1_800;
    expect(await hosts()).toBe(3);
  });

  test(`hosts are listed by state, version and ring, page by page (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { world, cookie } = fleet;
    const { id } = await fleet.addRing("Lab", { canaries: 3 });
    const lab = await addHosts(fleet, 4, "Lab");
    await addHosts(fleet, 2);
    await fleet.release(NEW);
    await lab[0]!.follow();
    await lab[1]!.follow([NEW]);
    await lab[2]!.checkIn();
    const list = async (query: object) => {
      const { items, total } = await world.call(routes.listUpdateHosts, cookie, { query });
      return [total, items.map(({ hostname }) => hostname).join()];
    };
    const { rings } = await world.call(routes.getUpdates, cookie);
    expect(await list({})).toEqual([6, "Lab-0,Lab-1,Lab-2,Lab-3,other-0,other-1"]);
    expect(await list({ state: "rolled-back" })).toEqual([1, "Lab-1"]);
    expect(await list({ version: NEW })).toEqual([1, "Lab-0"]);
    expect(await list({ ringId: id, state: "offered" })).toEqual([1, "Lab-2"]);
    expect(await list({ ringId: rings.at(-1)!.id, q: "other" })).toEqual([2, "other-0,other-1"]);
    expect(await list({ ringId: id, order: "desc" })).toEqual([4, "Lab-3,Lab-2,Lab-1,Lab-0"]);
    const first = await world.call(routes.listUpdateHosts, cookie, { query: { limit: 4 } });
    const query = { limit: 4, cursor: first.nextCursor! };
    const second = await world.call(routes.listUpdateHosts, cookie, { query });
    expect(second.items.map(({ hostname }) => hostname)).toEqual(["other-0", "other-1"]);
  });
}
