// Rings from the view of hosts that check in: who is offered what, and when a ring stops.
import { expect, test } from "bun:test";
import * as routes from "@attacklens/protocol/update-rings.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { addHosts, openRings, type TestHost } from "../testing/test-rings.ts";
import { drawDialects, TESTED_DIALECTS } from "../testing/test-world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NEW = "2026.12.0";

const PARALLEL = LONG_TESTS ? 50 : 20;

const versionsOf = (hosts: TestHost[]) => hosts.map(({ version }) => version);

for (const dialect of drawDialects()) {
  test(`a later ring starts after the canaries of the earlier one and its soak time (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 2, soakMinutes: 30 });
    await fleet.addRing("Office", { canaries: 1 });
    const lab = await addHosts(fleet, 3, "Lab");
    const [office] = await addHosts(fleet, 1, "Office");
    await fleet.release(NEW);

    expect(await office!.checkIn()).toBeUndefined();
    expect((await fleet.ring("Office")).explanation).toBe(
      'Waits for ring "Lab", whose canaries have not succeeded yet.',
    );
    expect(await lab[0]!.follow()).toEqual({ version: NEW, attempt: 1 });
    expect(await lab[1]!.checkIn()).toEqual({ version: NEW, attempt: 1 });
    // Two canaries: the third host waits.
    expect(await lab[2]!.checkIn()).toBeUndefined();
    expect(await fleet.ring("Lab")).toMatchObject({
      state: "canaries",
      explanation: "1 of 2 canaries done.",
    });
    await lab[1]!.follow();
    expect(await office!.checkIn()).toBeUndefined();
    expect((await fleet.ring("Office")).explanation).toBe(
      'Waits for ring "Lab", whose soak time of 30 minutes is not over.',
    );
    expect(await lab[2]!.follow()).toBeDefined();
    expect((await fleet.ring("Lab")).state).toBe("done");
    fleet.world.clock.ms += 30 * MINUTE_MS;
    expect(await office!.follow()).toBeDefined();
    expect(versionsOf([...lab, office!])).toEqual([NEW, NEW, NEW, NEW]);
  });

  test(`a ring stops at its number of failures, and no later ring gets the release (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 1, stopAfter: 2 });
    const lab = await addHosts(fleet, 5, "Lab");
    const others = await addHosts(fleet, 2);
    await fleet.release(NEW);
    await lab[0]!.follow();
    expect(await others[0]!.follow()).toBeDefined();
    // The others of the ring go wrong.
    for (const host of lab.slice(1, 3)) await host.follow([NEW]);
    const ring = await fleet.ring("Lab");
    expect(ring).toMatchObject({ state: "stopped", failures: 2 });
    expect(ring.explanation).toBe(
      `2 hosts failed with ${NEW}. Add a newer release, or fix the cause and try again.`,
    );
    for (const host of [...lab.slice(1), others[1]!]) expect(await host.follow()).toBeUndefined();
    expect((await fleet.ring("Everything else")).explanation).toBe(
      'Waits for ring "Lab", which has stopped.',
    );
    const { items } = await fleet.world.call(routes.listUpdateEvents, fleet.cookie);
    expect(items[0]).toMatchObject({
      actor: { name: "AttackLens" },
      action: "update-ring.stopped",
      entity: { name: "Lab" },
      details: { failures: 2, version: NEW },
    });

    await fleet.act("retry", ring.id);
    expect(await lab[1]!.follow()).toEqual({ version: NEW, attempt: 2 });
    expect(await lab[3]!.follow()).toEqual({ version: NEW, attempt: 2 });
    expect(await others[1]!.follow()).toBeDefined();
  });

  test(`one failure of a host counts once, however often it is reported (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id } = await fleet.addRing("Lab", { canaries: 3, stopAfter: 2 });
    const [one, other] = await addHosts(fleet, 2, "Lab");
    await fleet.release(NEW);
    await one!.follow([NEW]);
    for (let again = 0; again < 3; again++) {
      const attempt = { version: NEW, state: "rolled-back", reason: `again ${again}` } as const;
      expect(await one!.checkIn(attempt)).toBeUndefined();
    }
    await one!.checkIn({ version: NEW, state: "skipped", reason: "it failed here before" });
    expect(await fleet.ring("Lab")).toMatchObject({ state: "canaries" });
    expect((await one!.see()).state).toBe("rolled-back");
    expect(await other!.checkIn()).toBeDefined();
    // Lowering the number to that of the failures stops the ring.
    expect(await fleet.change(id, { stopAfter: 1 })).toMatchObject({ state: "stopped", failures: 1 });
    expect(await other!.checkIn()).toBeUndefined();
  });

  test(`a canary that goes offline gives up its place, and a ring of few hosts needs no more (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 1 });
    const [laptop, server] = await addHosts(fleet, 2, "Lab");
    const [other] = await addHosts(fleet, 1);
    await fleet.release(NEW);
    expect(await laptop!.checkIn()).toBeDefined();
    expect(await server!.checkIn()).toBeUndefined();
    fleet.world.clock.ms += 61 * MINUTE_MS;
    fleet.world.services.plans.changed();
    expect(await server!.follow()).toBeDefined();
    expect(await other!.follow()).toBeDefined();
    // The laptop comes back after weeks.
    fleet.world.clock.ms += 20 * DAY_MS;
    expect(await laptop!.follow()).toEqual({ version: NEW, attempt: 1 });
  });

  test(`a ring without hosts, or whose hosts are silent for a week, is passed over (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id } = await fleet.addRing("Empty");
    await fleet.addRing("Drawer", { canaries: 5 });
    await fleet.addRing("Small", { canaries: 5 });
    await addHosts(fleet, 1, "Drawer");
    const small = await addHosts(fleet, 2, "Small");
    const [other] = await addHosts(fleet, 1);
    await fleet.release(NEW);
    await fleet.act("pause", id);
    await fleet.passRings();
    expect((await fleet.ring("Drawer")).explanation).toBe('Waits for ring "Empty", which is paused.');
    await fleet.act("resume", id);
    await fleet.passRings();
    expect(await small[0]!.checkIn()).toBeUndefined();
    expect((await fleet.ring("Small")).explanation).toBe(
      'Waits for ring "Drawer", whose canaries have not succeeded yet.',
    );
    fleet.world.clock.ms += 8 * DAY_MS;
    for (const host of [...small, other!]) await host.checkIn();
    await fleet.passRings();
    expect(await small[0]!.follow()).toBeDefined();
    await fleet.passRings();
    expect(await other!.checkIn()).toBeUndefined();
    await small[1]!.follow();
    await fleet.passRings();
    expect(await other!.follow()).toBeDefined();
  });

  test(`a small ring whose hosts fail does not let the next one start (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 5, stopAfter: 5 });
    const lab = await addHosts(fleet, 2, "Lab");
    const [other] = await addHosts(fleet, 1);
    await fleet.release(NEW);
    for (const host of lab) await host.follow([NEW]);
    await fleet.passRings();
    expect(await other!.checkIn()).toBeUndefined();
  });

  test(`a paused ring offers nothing, also to hosts that were offered the release (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id } = await fleet.addRing("Lab", { canaries: 2 });
    const [one, other] = await addHosts(fleet, 2, "Lab");
    await fleet.release(NEW);
    await one!.checkIn();
    const paused = await fleet.act("pause", id);
    expect(paused).toMatchObject({
      state: "paused",
      pausedBy: "The admin",
      can: { pause: { allowed: false } },
    });
    for (const host of [one!, other!]) expect(await host.checkIn()).toBeUndefined();
    await fleet.act("resume", id);
    for (const host of [one!, other!]) expect(await host.follow()).toBeDefined();
  });

  test(`a ring gets its pinned version, and no host goes back without a new signature (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    const { id } = await fleet.addRing("Lab");
    const [one, other] = await addHosts(fleet, 2, "Lab");
    await fleet.release("2026.11.1");
    await fleet.release(NEW);
    await fleet.change(id, { version: "2026.11.1" });
    expect((await one!.follow())?.version).toBe("2026.11.1");
    await fleet.change(id, { version: null });
    expect((await one!.follow())?.version).toBe(NEW);
    await fleet.change(id, { version: "2026.11.1" });
    expect(await one!.checkIn()).toBeUndefined();
    expect((await one!.see()).explanation).toBe(
      `The host runs a newer release than 2026.11.1. To go back, sign 2026.11.1 again with a higher counter, and add it.`,
    );
    await fleet.release("2026.11.1", { counter: 9 });
    expect(await one!.follow()).toEqual({ version: "2026.11.1", attempt: 2 });
    expect((await other!.follow())?.version).toBe("2026.11.1");
    await expect(fleet.change(id, { version: "2027.1.0" })).rejects.toThrow(
      "is not the version of a stored release",
    );
  });

  test(`a mandatory ring waits for nothing but stops after failures (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 1 });
    const { id } = await fleet.addRing("Office", {
      canaries: 1,
      days: ["sun"],
      hours: "01:00-02:00",
      stopAfter: 2,
    });
    const office = await addHosts(fleet, 4, "Office");
    await addHosts(fleet, 1, "Lab");
    await fleet.release(NEW);
    for (const host of office) expect(await host.checkIn()).toBeUndefined();
    await fleet.change(id, { mandatory: true });
    for (const host of office.slice(0, 3)) expect(await host.checkIn()).toBeDefined();
    for (const host of office.slice(0, 2)) await host.follow([NEW]);
    expect(await office[3]!.checkIn()).toBeUndefined();
  });

  test(`days and hours hold hosts back, except those that missed every window of a week (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    // The clock of the tests starts on a Tuesday at 09:00 UTC.
    const { id } = await fleet.addRing("Office", { days: ["tue"], hours: "22:00-04:00", timeZone: "UTC" });
    const [one, laptop] = await addHosts(fleet, 2, "Office");
    await fleet.release(NEW);
    expect(await one!.checkIn()).toBeUndefined();
    const ring = await fleet.ring("Office");
    expect(ring).toMatchObject({ state: "window-closed", opensAt: "2026-11-24T22:00:00.000Z" });
    fleet.world.clock.ms = Date.parse("2026-11-24T23:30:00Z");
    expect(await one!.follow()).toBeDefined();
    // After midnight, it is still Tuesday's window.
    fleet.world.clock.ms = Date.parse("2026-11-25T04:00:00Z");
    expect(await laptop!.checkIn()).toBeUndefined();
    fleet.world.clock.ms = Date.parse("2026-12-03T12:00:00Z");
    expect(await laptop!.follow()).toBeDefined();
    // A change of the ring starts the time again.
    await fleet.release("2026.12.1");
    await fleet.change(id, { canaries: 2 });
    expect(await laptop!.checkIn()).toBeUndefined();
  });
}

for (const dialect of TESTED_DIALECTS) {
  test(`parallel failures on two servers stop the ring once (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 8, stopAfter: 3 });
    const hosts = await addHosts(fleet, 8, "Lab");
    const second = await fleet.world.secondFetch();
    await fleet.release(NEW);
    for (const host of hosts) await host.checkIn();
    const failed = { version: NEW, state: "rolled-back" } as const;
    await Promise.all(hosts.map((host, index) => host.checkIn(failed, index % 2 ? { fetch: second } : {})));
    // As the other server announces it.
    fleet.world.services.plans.changed();
    expect(await fleet.ring("Lab")).toMatchObject({ state: "stopped", failures: 8 });
    const { items } = await fleet.world.call(routes.listUpdateEvents, fleet.cookie);
    expect(items.map(({ action, details }) => [action, details])).toMatchObject([
      ["update-ring.stopped", { failures: 3, version: NEW }],
      ["update-ring.created", {}],
    ]);
  });

  test(`${PARALLEL} parallel check-ins admit no more canaries than the ring allows (${dialect})`, async () => {
    await using fleet = await openRings(dialect);
    await fleet.addRing("Lab", { canaries: 4 });
    const hosts = await addHosts(fleet, PARALLEL, "Lab");
    const second = await fleet.world.secondFetch();
    await fleet.release(NEW);
    const offers = await Promise.all(
      hosts.map((host, index) => host.checkIn(undefined, index % 2 ? { fetch: second } : {})),
    );
    expect(offers.filter((offer) => offer !== undefined)).toHaveLength(4);
    // The same hosts are offered it again, and no others.
    const again: unknown[] = [];
    for (const host of hosts) again.push(await host.checkIn());
    expect(again.map(Boolean)).toEqual(offers.map(Boolean));
  });
}
