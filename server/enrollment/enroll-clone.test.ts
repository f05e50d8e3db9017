// A clone is subject to the rules of its original's token: it counts as a use, is in the ledger, and is not
// admitted where an enrollment is refused.
import { expect, test } from "bun:test";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import {
  previewEnrollmentToken,
  revokeAndBlockEnrollmentToken,
} from "@attacklens/protocol/revoke-and-block.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import type { ClonedHostsRule } from "@attacklens/protocol/token-settings.ts";
import { CLONE_FACTS, enrolledSensor, FACTS, nextNonce, program } from "../testing/test-instances.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { ADMITTED_CLONES } from "./enroll-clone.ts";

type Settings = Parameters<typeof enrolledSensor>[3];
let tokenNumber = 0;

/** A sensor, and instances on cloned hosts that must each create a separate key. */
async function openClones(
  world: World,
  cookie: string,
  rule: ClonedHostsRule,
  count: number,
  settings: Settings = {},
) {
  const sensor = await enrolledSensor(world, cookie, rule, { name: `Clones ${++tokenNumber}`, ...settings });
  const { key, sensorId, token } = sensor;
  const original = program(world, key, sensorId, "10.0.0.1", FACTS);
  await original.checkIn();
  const clones = Array.from({ length: count }, (_, index) =>
    program(world, key, sensorId, "10.0.0.7", { ...CLONE_FACTS, productUuid: `u-${index}` }),
  );
  for (const clone of clones) expect((await clone.checkIn()).body.undecided).toBe(true);
  await original.checkIn();
  const params = { id: token.id };
  return {
    ...sensor,
    original,
    clones,
    params,
    uses: async () => (await world.call(tokens.getEnrollmentToken, cookie, { params })).enrolledSensors,
    attempts: async () =>
      (await world.call(listEnrollmentAttempts, cookie, { query: { enrollmentTokenId: token.id } })).items,
    approve: async (id: string) => {
      const { fingerprint } = await world.call(sensors.getSensor, cookie, { params: { id } });
      await world.call(sensors.approveSensor, cookie, { params: { id }, body: { fingerprint } });
    },
  };
}

const REFUSALS: {
  reason: string;
  settings?: Settings;
  hostname?: string;
  close?: (world: World, cookie: string, params: { id: string }) => Promise<unknown>;
}[] = [
  {
    reason: "token-paused",
    close: (world, cookie, params) => world.call(tokens.pauseEnrollmentToken, cookie, { params }),
  },
  {
    reason: "token-revoked",
    close: (world, cookie, params) => world.call(tokens.revokeEnrollmentToken, cookie, { params }),
  },
  {
    reason: "token-expired",
    close: async (world, cookie, params) => {
      const expiresAt = new Date(world.clock.ms + 1).toISOString();
      await world.call(tokens.updateEnrollmentToken, cookie, { params, body: { expiresAt } });
      world.clock.ms += 1;
    },
  },
  { reason: "token-used-up", settings: { maxEnrollments: 1 } },
  { reason: "network-not-allowed", settings: { allowedNetworks: ["10.0.0.0/29"] }, hostname: "web-09" },
  { reason: "hostname-not-allowed", settings: { allowedHostnames: ["web-*"] }, hostname: "dc-01.corp" },
];

for (const dialect of TESTED_DIALECTS) {
  test(`a clone that its token refuses awaits approval, counts as no use, and is in the ledger (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const group = await world.call(groups.createAssetGroup, cookie, { body: { name: "Gone" } });
    const groupDeleted: (typeof REFUSALS)[number] = {
      reason: "token-group-deleted",
      settings: { scope: { type: "asset-group", assetGroupId: group.id } },
      close: () => world.call(groups.deleteAssetGroup, cookie, { params: { id: group.id } }),
    };
    for (const { reason, settings, hostname = "web-02", close } of [...REFUSALS, groupDeleted]) {
      const fleet = await openClones(world, cookie, "allow", 1, settings);
      await close?.(world, cookie, fleet.params);
      const key = makeTestSensor();
      const enroll = () => fleet.clones[0]!.becomeClone(key, hostname, "10.0.0.9");
      const { status, body } = await enroll();
      expect({ reason, status, ...body }).toMatchObject({ status: 201, awaitingApproval: true });
      // A retry returns the same sensor and writes nothing.
      expect((await enroll()).body.sensorId).toBe(body.sensorId);
      expect(await fleet.uses()).toBe(1);
      const attempts = await fleet.attempts();
      expect(attempts.filter(({ outcome }) => outcome === "refused")).toMatchObject([
        { reason, attempts: 1, hostname, sensor: { id: body.sensorId } },
      ]);
      const own = program(world, key, body.sensorId, "10.0.0.7", CLONE_FACTS);
      expect((await own.checkIn()).body.code).toBe("sensor-awaiting-approval");
      // An operator's approval changes neither the token's count nor the ledger.
      await fleet.approve(body.sensorId);
      expect((await own.checkIn()).status).toBe(200);
      expect(await fleet.uses()).toBe(1);
      expect(await fleet.attempts()).toHaveLength(attempts.length);
      // Those who revoke the token and block its sensors block the clone, too.
      const { params } = fleet;
      for (const query of [{}, { network: "10.0.0.0/24" }])
        expect(await world.call(previewEnrollmentToken, cookie, { params, query })).toMatchObject({
          sensors: 2,
          toBlock: 2,
        });
      const block = { params, body: { expectedSensors: 2 } };
      expect(await world.call(revokeAndBlockEnrollmentToken, cookie, block)).toMatchObject({
        blockedSensors: 2,
      });
    }
  }, 120_000);

  test(`a clone awaits approval if its token is deleted or requires approval, or if its original awaits approval (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const deleted = await openClones(world, cookie, "allow", 1);
    await world.call(tokens.deleteEnrollmentToken, cookie, { params: deleted.params });
    expect((await deleted.clones[0]!.becomeClone(makeTestSensor())).body.awaitingApproval).toBe(true);

    const strict = await openClones(world, cookie, "allow", 1);
    const body = { requireApproval: true };
    await world.call(tokens.updateEnrollmentToken, cookie, { params: strict.params, body });
    expect((await strict.clones[0]!.becomeClone(makeTestSensor())).body.awaitingApproval).toBe(true);

    const waiting = await openClones(world, cookie, "approval", 2);
    const key = makeTestSensor();
    const first = await waiting.clones[0]!.becomeClone(key);
    expect([first.body.awaitingApproval, await waiting.uses()]).toEqual([true, 2]);
    await world.call(tokens.updateEnrollmentToken, cookie, {
      params: waiting.params,
      body: { clonedHosts: "allow" },
    });
    // The clone awaits approval, and so does a clone of the clone. The server detects it only by its key.
    const row = { instance_id: waiting.clones[1]!.instanceId };
    await world.db
      .insertInto("sensorInstance")
      .values({
        sensorId: first.body.sensorId,
        instanceId: row.instance_id,
        state: "clone",
        host: "{}",
        address: "",
        firstSeenAt: 0,
        returnedAt: null,
        returns: 0,
        cloneSensorId: null,
      })
      .execute();
    const second = makeTestSensor();
    const request = key.request(
      "POST",
      "/sensor/v1/clones",
      {
        ...second.enrollBody("web-03"),
        protocolVersion: 1,
        proof: second.proof(first.body.sensorId),
      },
      world.clock.ms,
      { keyid: first.body.sensorId, instanceId: row.instance_id, nonce: nextNonce() },
    );
    const reply = await world.fetch("/sensor/v1/clones", request);
    expect(await reply.json()).toMatchObject({ awaitingApproval: true });
  });

  test(`a clone of a blocked sensor is refused, and the ledger has the clones that the token's rule rejects (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const blocked = await openClones(world, cookie, "allow", 1);
    await world.call(sensors.blockSensor, cookie, { params: { id: blocked.sensorId } });
    expect((await blocked.clones[0]!.becomeClone(makeTestSensor())).body.code).toBe("sensor-blocked");

    const rejected = await openClones(world, cookie, "reject", 1);
    const key = makeTestSensor();
    const reply = await rejected.clones[0]!.becomeClone(key);
    await rejected.clones[0]!.becomeClone(key);
    expect(reply).toMatchObject({
      status: 403,
      body: { code: "sensor-cloned", reference: expect.any(String) },
    });
    const [attempt] = (await rejected.attempts()).filter(({ outcome }) => outcome === "refused");
    expect(attempt).toMatchObject({
      ...{ reason: "sensor-cloned", reference: reply.body.reference, attempts: 2, sensor: null },
      detail: expect.stringContaining("rejects clones"),
    });
    expect(await rejected.uses()).toBe(1);
  });

  test(`a token admits at most ${ADMITTED_CLONES} clones of one sensor, including clones of clones (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const fleet = await openClones(world, cookie, "allow", ADMITTED_CLONES);
    const admitted: { key: ReturnType<typeof makeTestSensor>; id: string }[] = [];
    for (const clone of fleet.clones.slice(1)) {
      const key = makeTestSensor();
      const { body } = await clone.becomeClone(key);
      expect(body.awaitingApproval).toBe(false);
      admitted.push({ key, id: body.sensorId });
    }
    // A clone of a clone is the 20th. The next clone of the original exceeds the limit.
    const { key, id } = admitted[0]!;
    const parent = program(world, key, id, "10.0.0.7", { ...CLONE_FACTS, productUuid: "u-1" });
    await parent.checkIn();
    const grandchild = program(world, key, id, "10.0.0.8", FACTS);
    await grandchild.checkIn();
    await parent.checkIn();
    expect((await grandchild.becomeClone(makeTestSensor())).body.awaitingApproval).toBe(false);
    expect((await fleet.clones[0]!.becomeClone(makeTestSensor())).body.awaitingApproval).toBe(true);
    expect(await fleet.uses()).toBe(1 + ADMITTED_CLONES);
    const refused = (await fleet.attempts()).filter(({ outcome }) => outcome === "refused");
    expect(refused).toMatchObject([
      { reason: "sensor-cloned", detail: expect.stringContaining("20 clones") },
    ]);
  }, 120_000);

  test(`simultaneous clones and enrollments on several servers never exceed the token's limit (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const servers = dialect === "postgres" ? [world.fetch, await world.secondFetch()] : [world.fetch];
    const cookie = await world.signedIn("posture-manager");
    const limit = 8;
    const fleet = await openClones(world, cookie, "allow", 10, { maxEnrollments: limit });
    const send = async (index: number, path: string, init: RequestInit) => {
      const response = await servers[index % servers.length]!(path, init, "10.0.0.7");
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    world.clock.ms += 1;
    const enrollments = Array.from({ length: 10 }, async (_, index) => {
      const key = makeTestSensor();
      const options = { token: fleet.value, nonce: nextNonce() };
      const init = key.request("POST", "/sensor/v1/enroll", key.enrollBody(), world.clock.ms, options);
      return (await send(index, "/sensor/v1/enroll", init)).status === 201;
    });
    const clones = fleet.clones.map(async ({ instanceId }, index) => {
      const mine = makeTestSensor();
      const body = { ...mine.enrollBody(), protocolVersion: 1, proof: mine.proof(fleet.sensorId) };
      for (;;) {
        const options = { keyid: fleet.sensorId, instanceId, nonce: nextNonce() };
        const init = fleet.key.request("POST", "/sensor/v1/clones", body, world.clock.ms, options);
        const reply = await send(index, "/sensor/v1/clones", init);
        // All hosts sign with one key. A request that another one overtook, or that exceeds the limit of
        // simultaneous requests, is sent again.
        if (reply.body.code === "signature-replayed" || reply.status === 429) continue;
        expect(reply.status).toBe(201);
        return reply.body.awaitingApproval === false;
      }
    });
    const admitted = (await Promise.all([...enrollments, ...clones])).filter(Boolean);
    expect(admitted).toHaveLength(limit - 1);
    expect(await fleet.uses()).toBe(limit);
    const accepted = world.db.selectFrom("enrollmentAttempt").select("sensorId").where("reason", "is", null);
    expect(await accepted.execute()).toHaveLength(limit);
  }, 120_000);
}
