// The uploads that the server requests from a sensor must not depend on the reports of other groups.
// Otherwise a sensor could test guesses about those reports.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { createAssetGroup, deleteAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const USERS = "/sensor/v1/inventory/users";

function inventoryOf(groups: string[]) {
  const items = groups.map((name) => {
    return { key: `group:${name}`, kind: "group", name, gid: 7, members: [], privileges: [] };
  });
  const chunks = cutChunks("users", items, sha256);
  const hashes = chunks.map(({ hash }) => hash);
  return { chunks, hashes, root: rootHash(hashes, sha256) };
}
type Inventory = ReturnType<typeof inventoryOf>;

/** A sensor that enrolls with a separate token, into an asset group or none. */
async function enrolled(world: World, cookie: string, name: string, assetGroupId?: string) {
  const scope = assetGroupId
    ? ({ type: "asset-group", assetGroupId } as const)
    : ({ type: "all-assets" } as const);
  const { value: token } = await world.call(createEnrollmentToken, cookie, {
    body: { name, scope, expiresAt: null },
  });
  const sensor = makeTestSensor();
  const body = sensor.enrollBody(name);
  const init = sensor.request("POST", "/sensor/v1/enroll", body, world.clock.ms, { token });
  const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", init)).json()) as { sensorId: string };
  async function send(method: string, path: string, content: unknown) {
    const request = sensor.request(method, path, content, world.clock.ms, { keyid: sensorId });
    const response = await world.fetch(path, request);
    expect(response.status).toBeLessThan(300);
    return (response.status === 204 ? {} : await response.json()) as { wanted: string[]; missing: unknown };
  }
  const versions = { protocolVersion: 1, sensorVersion: "2026.11.0" };
  await send("POST", "/sensor/v1/check-in", versions);
  return {
    async isWanted({ root }: Inventory) {
      const inventory = { users: { status: "collected", root } };
      const body = { ...versions, inventory };
      return (await send("POST", "/sensor/v1/check-in", body)).wanted.includes("users");
    },
    /** By a list in a check-in, and by one alone. */
    async missing({ root, hashes }: Inventory) {
      const inventory = { users: { status: "collected", root, chunks: hashes } };
      const listed = await send("POST", "/sensor/v1/check-in", { ...versions, inventory });
      const missing = (await send("PUT", USERS, { root, chunks: hashes })).missing as string[];
      const isStored = missing.length === 0;
      expect(listed.missing).toEqual(isStored ? undefined : { users: missing });
      expect(listed.wanted).toEqual(isStored ? [] : ["users"]);
      return missing;
    },
    async upload({ chunks }: Inventory, hashes: string[]) {
      const sent = chunks.filter(({ hash }) => hashes.includes(hash));
      const contents = sent.map(({ hash, content }) => [hash, JSON.parse(content)]);
      await send("PUT", `${USERS}/chunks`, { chunks: Object.fromEntries(contents) });
    },
    async users() {
      const { inventory } = await world.call(getSensor, cookie, { params: { id: sensorId } });
      return inventory.find(({ category }) => category === "users");
    },
  };
}

const storedChunks = async (world: World) =>
  (await world.db.selectFrom("inventoryPack").select("id").execute()).length;

const known = inventoryOf(["adm", "docker", "sudo", "wheel"]);

for (const dialect of TESTED_DIALECTS) {
  test(`a sensor of another asset group must upload chunks that are already stored, and no new rows are stored (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const east = await world.call(createAssetGroup, cookie, { body: { name: "East" } });
    const west = await world.call(createAssetGroup, cookie, { body: { name: "West" } });
    const first = await enrolled(world, cookie, "east-1", east.id);
    expect(await first.isWanted(known)).toBe(true);
    expect(await first.missing(known)).toEqual(known.hashes);
    await first.upload(known, known.hashes);
    expect(await first.missing(known)).toEqual([]);

    // Within the group, the inventory is uploaded once, and a change uploads one chunk.
    const second = await enrolled(world, cookie, "east-2", east.id);
    expect(await second.isWanted(known)).toBe(false);
    expect(await second.users()).toMatchObject({ status: "collected", items: 4 });
    const changed = inventoryOf(["adm", "docker", "sudo", "wheel", "kvm"]);
    expect(await second.isWanted(changed)).toBe(true);
    expect(await second.missing(changed)).toEqual(
      changed.hashes.filter((hash) => !known.hashes.includes(hash)),
    );

    const stored = await storedChunks(world);
    const made = inventoryOf(["this is in no inventory"]);
    const outsiders = [
      await enrolled(world, cookie, "west-1", west.id),
      await enrolled(world, cookie, "nowhere-1"),
    ];
    for (const outsider of outsiders) {
      // A right guess gets the same replies as a wrong one, for roots and for chunks, also when repeated.
      for (const guess of [known, made, known]) {
        expect(await outsider.isWanted(guess)).toBe(true);
        expect(await outsider.missing(guess)).toEqual(guess.hashes);
      }
      await outsider.upload(known, known.hashes);
      expect(await storedChunks(world)).toBe(stored);
      expect(await outsider.missing(known)).toEqual([]);
      expect(await outsider.users()).toMatchObject({ status: "collected", items: 4 });
      expect(await outsider.isWanted(known)).toBe(false);
    }
    const peer = await enrolled(world, cookie, "nowhere-2");
    expect(await peer.isWanted(known)).toBe(false);
  });

  test(`the replies to a partial upload do not reveal the chunks or the root of another group (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const east = await world.call(createAssetGroup, cookie, { body: { name: "East" } });
    const insider = await enrolled(world, cookie, "east-1", east.id);
    await insider.upload(known, known.hashes);
    expect(await insider.missing(known)).toEqual([]);
    const outsider = await enrolled(world, cookie, "nowhere-1");
    const [own, ...others] = known.hashes;
    await outsider.upload(known, [own!]);
    expect(await outsider.missing(known)).toEqual(others);
    // Uploading all its chunks does not show that another sensor reported the root.
    await outsider.upload(known, others);
    expect(await outsider.isWanted(known)).toBe(true);
  });

  test(`what another group uploads later does not change the replies about what a group has (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const east = await world.call(createAssetGroup, cookie, { body: { name: "East" } });
    const outsider = await enrolled(world, cookie, "nowhere-1");
    await outsider.upload(known, known.hashes);
    // On servers that remember nothing.
    const freshWorld = async () => ({ ...world, fetch: await world.secondFetch() });
    const insider = await enrolled(await freshWorld(), cookie, "east-1", east.id);
    await insider.upload(known, known.hashes);
    for (const group of [undefined, east.id])
      expect(await (await enrolled(await freshWorld(), cookie, `${group}-2`, group)).missing(known)).toEqual(
        [],
      );
  });

  test(`a sensor continues after its asset group is deleted, and uploads its next change in full (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const east = await world.call(createAssetGroup, cookie, { body: { name: "East" } });
    const sensor = await enrolled(world, cookie, "east-1", east.id);
    await sensor.upload(known, known.hashes);
    await sensor.missing(known);
    await world.call(deleteAssetGroup, cookie, { params: { id: east.id } });
    expect(await sensor.isWanted(known)).toBe(false);
    const changed = inventoryOf(["adm", "docker", "sudo"]);
    expect(await sensor.isWanted(changed)).toBe(true);
    expect(await sensor.missing(changed)).toEqual(changed.hashes);
    await sensor.upload(changed, changed.hashes);
    expect(await sensor.missing(changed)).toEqual([]);
    expect(await sensor.users()).toMatchObject({ status: "collected", items: 3 });
  });
}
