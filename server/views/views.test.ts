// Saved views of lists: who sees them, who changes them, and what their search may contain.
import { expect, test } from "bun:test";
import { deleteUser } from "@attacklens/protocol/users.ts";
import * as routes from "@attacklens/protocol/views.ts";
import { newId } from "../ids.ts";
import { drawDialects, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { findView, insertView } from "./views-store.ts";

const SEARCH = "platform=linux&sort=lastSeenAt&columns=hostname%2Cstatus";
const save = (world: World, cookie: string, body: object) =>
  world.call(routes.createView, cookie, { body: { list: "sensors", name: "Mine", search: SEARCH, ...body } });
const names = async (world: World, cookie: string) =>
  (await world.call(routes.listViews, cookie, { query: { list: "sensors" } })).items.map(({ name }) => name);

for (const dialect of TESTED_DIALECTS) {
  test(`own views are private, shared ones are seen by everyone, and audited (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const manager = await world.signedIn("posture-manager");
    const viewer = await world.signedIn("viewer");
    const admin = await world.signedIn("admin");
    const own = await save(world, manager, {});
    expect(own.search).toBe("columns=hostname%2Cstatus&platform=linux&sort=lastSeenAt");
    await expect(save(world, manager, { name: "MINE" })).rejects.toThrow("name-taken");
    // The same name is free for another user, and for another list.
    await save(world, viewer, {});
    await save(world, manager, { list: "assets", search: "type=server" });
    const shared = await save(world, manager, {
      name: "All Linux",
      search: "platform=linux",
      isShared: true,
    });
    expect(await names(world, manager)).toEqual(["All Linux", "Mine"]);
    expect(await names(world, admin)).toEqual(["All Linux"]);
    await expect(save(world, viewer, { name: "V", isShared: true })).rejects.toThrow("permission-missing");

    const ofOwn = { params: { id: own.id } };
    const ofShared = { params: { id: shared.id } };
    await expect(world.call(routes.deleteView, admin, ofOwn)).rejects.toThrow("not-found");
    const body = { name: "Linux" };
    await expect(world.call(routes.updateView, viewer, { ...ofOwn, body })).rejects.toThrow("not-found");
    // `can` agrees with what happens.
    for (const cookie of [viewer, admin]) {
      const { items } = await world.call(routes.listViews, cookie, { query: { list: "sensors" } });
      const seen = items.find(({ id }) => id === shared.id)!;
      expect([seen.isOwn, seen.owner, seen.can.update.allowed]).toEqual([
        false,
        "The posture-manager",
        false,
      ]);
      await expect(world.call(routes.updateView, cookie, { ...ofShared, body })).rejects.toThrow(
        "permission-missing",
      );
      expect(seen.can.delete.allowed).toBe(cookie === admin);
    }
    await expect(world.call(routes.deleteView, viewer, ofShared)).rejects.toThrow("permission-missing");

    await world.call(routes.updateView, manager, { ...ofShared, body });
    await world.call(routes.updateView, manager, { ...ofShared, body: { isShared: false } });
    expect(await names(world, admin)).toEqual([]);
    await world.call(routes.updateView, manager, { ...ofShared, body: { isShared: true } });
    await world.call(routes.deleteView, admin, ofShared);
    await world.call(routes.deleteView, manager, ofOwn);
    const events = await world.db
      .selectFrom("auditEvent")
      .select(["action", "entityName"])
      .where("entityType", "=", "view")
      .orderBy("sequence")
      .execute();
    expect(events.map(({ action, entityName }) => `${action} ${entityName}`)).toEqual([
      "view.shared All Linux",
      "view.changed Linux",
      "view.unshared Linux",
      "view.shared Linux",
      "view.deleted Linux",
    ]);
    // Views of a list need the permission of the list.
    const keys = { list: "api-keys", search: "" };
    await expect(save(world, manager, keys)).rejects.toThrow("permission-missing");
    await save(world, admin, { ...keys, isShared: true });
    const query = { list: "api-keys" } as const;
    await expect(world.call(routes.listViews, viewer, { query })).rejects.toThrow("permission-missing");
  });
}

for (const dialect of drawDialects()) {
  test(`a deleted user's shared views stay, and a user has a limited number of views (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const superAdmin = await world.signedIn("super-admin");
    const manager = await world.signedIn("posture-manager");
    await save(world, manager, {});
    await save(world, manager, { name: "Shared", isShared: true });
    const { id } = await world.db
      .selectFrom("user")
      .select("id")
      .where("role", "=", "posture-manager")
      .executeTakeFirstOrThrow();
    await world.call(deleteUser, superAdmin, { params: { id } });
    expect(await world.db.selectFrom("savedView").select("name").execute()).toEqual([{ name: "Shared" }]);
    expect(await names(world, superAdmin)).toEqual(["Shared"]);

    const { id: first } = await save(world, superAdmin, {});
    const { owner: _, ...row } = (await findView(world.db, first))!;
    for (let number = 2; number <= routes.MAX_VIEWS_OF_USER; number++)
      await insertView(world.db, { ...row, id: newId("view"), nameKey: `view ${number}` });
    await expect(save(world, superAdmin, { name: "One more" })).rejects.toThrow("state-conflict");
  });
}

test("the search of a view has only valid parameters of its list, and is no address", () => {
  const mistakes = [
    ["sensors", "https://example.com/"],
    ["sensors", "//example.com"],
    ["sensors", "then=%2Fsensors"],
    ["sensors", "cursor=x"],
    ["sensors", "limit=5"],
    ["sensors", "status=bogus"],
    ["sensors", "platform=linux&platform=macos"],
    ["sensors", "__proto__=x"],
    ["sensors", "columns=%3Cb%3E"],
    ["assets", "platform=linux"],
    ["sensors", "q=%E2%80%AEx"],
  ] as const;
  const accepted = mistakes.filter(([list, text]) => {
    const body = { list, name: "Any", search: text };
    return routes.createView.body.safeParse(body).success && !routes.searchMistake(list, text);
  });
  expect(accepted).toEqual([]);
  // The longest text of a search, in the script that needs the most characters in an address.
  const longest = routes.searchText({ q: "漢".repeat(200), platform: "linux" });
  for (const text of ["", longest, SEARCH, "q=web+01&match=any"])
    expect([
      routes.createView.body.shape.search.safeParse(text).success,
      routes.searchMistake("sensors", text),
    ]).toEqual([true, undefined]);
});
