// A fleet for tests of updates: releases, asset groups in rings, and hosts that do what they are offered.
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RingSettings } from "@attacklens/protocol/ring-settings.ts";
import * as routes from "@attacklens/protocol/update-rings.ts";
import {
  UPDATE_ATTEMPT_HEADER,
  UPDATE_VERSION_HEADER,
  type UpdateReport,
} from "@attacklens/protocol/updates.ts";
import type { Dialect } from "../db/dialect.ts";
import { passRings } from "../updates/fleet-counts.ts";
import { openTestReleases } from "./test-release.ts";
import { makeTestSensor } from "./test-sensor.ts";
import { openWorld } from "./test-world.ts";

const CHECK_IN = "/sensor/v1/check-in";
const TARGET = "linux-x64";
/** Rings of tests do not wait, unless a test is about waiting. */
const AT_ONCE = { soakMinutes: 0, canaries: 1, stopAfter: 3 } satisfies Partial<RingSettings>;

export type TestFleet = Awaited<ReturnType<typeof openRings>>;
export type TestHost = Awaited<ReturnType<TestFleet["addHost"]>>;
export type Offer = { version: string; attempt: number } | undefined;
export type Attempt = Pick<NonNullable<UpdateReport["attempt"]>, "version" | "state"> & {
  attempt?: number;
  reason?: string;
};

export async function openRings(dialect: Dialect) {
  const releases = openTestReleases();
  const world = await openWorld(dialect, { dataDir: releases.dataDir });
  const cookie = await world.signedIn("admin");
  const groups = new Map<string, { id: string; token: string }>();
  let counter = 0;

  async function addGroup(name: string) {
    const { id } = await world.call(createAssetGroup, cookie, { body: { name } });
    const body = { name, scope: { type: "asset-group", assetGroupId: id }, expiresAt: null } as const;
    const { value } = await world.call(createEnrollmentToken, cookie, { body });
    groups.set(name, { id, token: value });
    return id;
  }

  async function tokenOf(group: string | undefined): Promise<string> {
    if (group !== undefined) return groups.get(group)!.token;
    const body = { name: crypto.randomUUID(), scope: { type: "all-assets" }, expiresAt: null } as const;
    return (await world.call(createEnrollmentToken, cookie, { body })).value;
  }

  /** Enrolls a host. It runs `version`. */
  async function addHost(hostname: string, group?: string, version = "2026.11.0") {
    const key = makeTestSensor();
    const init = key.request("POST", "/sensor/v1/enroll", key.enrollBody(hostname), world.clock.ms, {
      token: await tokenOf(group),
    });
    const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", init)).json()) as {
      sensorId: string;
    };
    const host = {
      id: sensorId,
      hostname,
      version,
      /** Checks in. Returns what the server offers. `attempt`: what the sensor reports. */
      async checkIn(
        attempt?: Attempt,
        { method = "self" as UpdateReport["method"], target = TARGET, says = true, fetch = world.fetch } = {},
      ): Promise<Offer> {
        const at = new Date(world.clock.ms).toISOString();
        const update = { method, target, ...(attempt && { attempt: { attempt: 1, at, ...attempt } }) };
        const body = { protocolVersion: 1, sensorVersion: host.version, ...(says && { update }) };
        const request = key.request("POST", CHECK_IN, body, world.clock.ms, { keyid: sensorId });
        const reply = await fetch(CHECK_IN, request);
        if (reply.status !== 200) throw new Error(`check-in of ${hostname}: ${await reply.text()}`);
        const offered = reply.headers.get(UPDATE_VERSION_HEADER);
        return offered === null
          ? undefined
          : { version: offered, attempt: Number(reply.headers.get(UPDATE_ATTEMPT_HEADER)) };
      },
      /** Checks in, and carries out what is offered. A release of `bad` is rolled back. */
      async follow(bad: readonly string[] = []): Promise<Offer> {
        const offer = await host.checkIn();
        if (!offer) return undefined;
        const { version, attempt } = offer;
        for (const state of ["downloading", "verified", "trial"] as const)
          await host.checkIn({ version, attempt, state });
        if (bad.includes(version)) {
          await host.checkIn({ version, attempt, state: "rolled-back", reason: "it crashed" });
        } else {
          host.version = version;
          await host.checkIn({ version, attempt, state: "done" });
        }
        return offer;
      },
      see: () => world.call(routes.getHostUpdate, cookie, { params: { id: sensorId } }),
    };
    return host;
  }

  /** In front of the last one, with a group of the same name. */
  async function addRing(name: string, settings: Partial<RingSettings> = {}) {
    const groupId = groups.get(name)?.id ?? (await addGroup(name));
    const body = { name, assetGroupIds: [groupId], ...AT_ONCE, ...settings };
    return await world.call(routes.createUpdateRing, cookie, { body });
  }

  return {
    ...{ world, cookie, releases, groups, addGroup, addHost, addRing },
    /** Adds a release to the server's folder. */
    async release(version: string, options: { counter?: number; expiresAt?: number } = {}) {
      counter = options.counter ?? counter + 1;
      await releases.offer({ version, ...options, counter });
      world.services.plans.changed();
    },
    async ring(name: string) {
      const { rings } = await world.call(routes.getUpdates, cookie);
      return rings.find((ring) => ring.name === name)!;
    },
    change: (id: string, body: Partial<RingSettings> & { name?: string; assetGroupIds?: string[] }) =>
      world.call(routes.updateUpdateRing, cookie, { params: { id }, body }),
    act: (action: "pause" | "resume" | "retry", id: string) =>
      world.call(
        { pause: routes.pauseUpdateRing, resume: routes.resumeUpdateRing, retry: routes.retryUpdateRing }[
          action
        ],
        cookie,
        { params: { id } },
      ),
    /** The job of every 15 seconds. */
    passRings: () => {
      const { plans, countFleet } = world.services;
      return passRings(world.db, world.clock.ms, plans, countFleet);
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      releases[Symbol.dispose]();
    },
  };
}

/** Enrolls hosts that have reported how they are updated. Without a group, they are in the last ring. */
export async function addHosts(fleet: TestFleet, count: number, group?: string): Promise<TestHost[]> {
  const hosts: TestHost[] = [];
  for (let index = 0; index < count; index++)
    hosts.push(await fleet.addHost(`${group ?? "other"}-${index}`, group));
  for (const host of hosts) await host.checkIn();
  return hosts;
}
