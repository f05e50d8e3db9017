// Updates of single hosts: which of them are offered a release, how many at a time, and what users see.
import { expect, test } from "bun:test";
import { deleteAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { blockSensor } from "@attacklens/protocol/sensors.ts";
import * as routes from "@attacklens/protocol/update-rings.ts";
import { removeRelease } from "../releases/manage-releases.ts";
import { addHosts, openRings } from "../testing/test-rings.ts";
import { drawDialects } from "../testing/test-world.ts";

const MINUTE_MS = 60_000;
const NEW = "2026.12.0";

for (const dialect of drawDialects()) {
  test(`a failed host is not offered the version again until someone asks it to try again (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 2, stopAfter: 1 });
    const [host, other] = await addHosts(fleet, 2, "Lab");
    await fleet.release(NEW);
    await host!.follow([NEW]);
    expect(await host!.see()).toMatchObject({
      state: "rolled-back",
      reason: "it crashed",
      attempt: 1,
      can: { retry: { allowed: true } },
    });
    expect((await other!.see()).can.retry).toEqual({
      allowed: false,
      reason: "No update has failed on this host",
    });
    const retried = await fleet.world.call(routes.retryHostUpdate, fleet.cookie, {
      params: { id: host!.id },
    });
    expect(retried).toMatchObject({ state: "offered", attempt: 2 });
    // The ring has stopped, and only this host tries again.
    expect(await other!.checkIn()).toBeUndefined();
    // A late report of the first attempt does not undo it.
    expect(await host!.checkIn({ version: NEW, attempt: 1, state: "rolled-back" })).toEqual({
      version: NEW,
      attempt: 2,
    });
    await host!.follow();
    expect(await host!.see()).toMatchObject({ state: "done", version: NEW });
  });

  test(`a host that lacks disk is offered the release again, and a forgotten download begins again (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 2, stopAfter: 2 });
    const [host] = await addHosts(fleet, 1, "Lab");
    await fleet.release(NEW);
    await host!.checkIn();
    const failed = { version: NEW, state: "failed", reason: "no space left on the disk" } as const;
    expect(await host!.checkIn(failed)).toEqual({ version: NEW, attempt: 1 });
    expect(await host!.see()).toMatchObject({
      state: "failed",
      explanation: `The sensor tries ${NEW} again automatically.`,
    });
    expect(await fleet.ring("Lab")).toMatchObject({ failures: 1 });
    await host!.checkIn({ version: NEW, state: "downloading" });
    expect((await fleet.ring("Lab")).failures).toBe(0);
    await host!.checkIn();
    expect((await host!.see()).state).toBe("offered");
    await host!.follow();
    expect(await host!.see()).toMatchObject({ state: "done", version: NEW });
  });

  test(`hosts that something else updates are offered nothing, and say so (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab");
    const hosts = await addHosts(fleet, 2, "Lab");
    await hosts[0]!.checkIn(undefined, { method: "package-manager" });
    await hosts[1]!.checkIn(undefined, { target: "linux-riscv" });
    const old = await fleet.addHost("old", "Lab");
    await fleet.release(NEW);
    for (const host of [...hosts, old])
      expect(await host.checkIn(undefined, { says: false })).toBeUndefined();
    const list = await fleet.world.call(routes.listUpdateHosts, fleet.cookie);
    expect(list.items.map(({ hostname, state }) => [hostname, state])).toEqual([
      ["Lab-0", "package-manager"],
      ["Lab-1", "none"],
      ["old", "unknown"],
    ]);
    expect(list.items[1]!.explanation).toBe(`Release ${NEW} has no build for this host.`);
    expect((await fleet.ring("Lab")).hosts).toMatchObject({ hosts: 3, external: 1, unable: 2, waiting: 0 });
  });

  test(`a deleted group belongs to the last ring, and a removed release is offered no more (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab");
    const [host] = await addHosts(fleet, 1, "Lab");
    await fleet.release("2026.11.1");
    await fleet.release(NEW);
    expect(await host!.checkIn()).toBeDefined();
    await fleet.world.call(deleteAssetGroup, fleet.cookie, { params: { id: fleet.groups.get("Lab")!.id } });
    expect((await host!.see()).ring.name).toBe("Everything else");
    await fleet.passRings();
    expect((await host!.checkIn())?.version).toBe(NEW);
    await removeRelease(fleet.releases.dataDir, NEW);
    // Another server may store it still, so PostgreSQL needs some minutes to forget it.
    if (dialect === "postgres") fleet.world.clock.ms += 10 * MINUTE_MS;
    fleet.world.services.plans.changed();
    await fleet.passRings();
    expect((await host!.checkIn())?.version).toBe("2026.11.1");
  });

  test(`an expired release is offered to no host (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab");
    const [host] = await addHosts(fleet, 1, "Lab");
    await fleet.release(NEW);
    const { releases } = await fleet.world.call(routes.getUpdates, fleet.cookie);
    expect(releases).toMatchObject([
      { version: NEW, counter: 1, isExpired: false, isHere: true, targets: ["linux-x64"] },
    ]);
    fleet.world.clock.ms = Date.parse(releases[0]!.expires);
    expect(await host!.checkIn()).toBeUndefined();
    expect(await fleet.ring("Lab")).toMatchObject({ state: "release-expired" });
  });

  test(`a host that is blocked or cloned counts in no ring (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab");
    const [host] = await addHosts(fleet, 2, "Lab");
    await fleet.world.call(blockSensor, fleet.cookie, { params: { id: host!.id } });
    expect((await fleet.ring("Lab")).hosts.hosts).toBe(1);
    expect(await host!.see()).toMatchObject({ can: { retry: { allowed: false } } });
    expect((await fleet.world.call(routes.listUpdateHosts, fleet.cookie)).total).toBe(1);
  });

  test(`at most ${routes.OFFERS_PER_MINUTE} hosts start in a minute (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id } = await fleet.addRing("Lab", { mandatory: true });
    const hosts = await addHosts(fleet, 3, "Lab");
    await fleet.release(NEW);
    const minute = Math.floor(fleet.world.clock.ms / MINUTE_MS);
    const offers = routes.OFFERS_PER_MINUTE - 2;
    await fleet.world.db.updateTable("updatePace").set({ minute, offers }).execute();
    const offered: boolean[] = [];
    for (const host of hosts) offered.push((await host.checkIn()) !== undefined);
    expect(offered).toEqual([true, true, false]);
    fleet.world.clock.ms += MINUTE_MS;
    expect(await hosts[2]!.checkIn()).toBeDefined();
    expect(id).toStartWith("rng_");
  });
}
