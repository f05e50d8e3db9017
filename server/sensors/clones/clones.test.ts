// Two hosts with one key: the original keeps its row, and the clone gets a separate one. Until then, the
// clone's reports are not stored.
import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { approveSensor, getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { INSTANCE_HEADER, SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import type { ClonedHostsRule } from "@attacklens/protocol/token-settings.ts";
import { CLONE_FACTS, enrolledSensor, FACTS, nextNonce, program } from "../../testing/test-instances.ts";
import { makeTestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../../testing/test-world.ts";

const MINUTE_MS = 60_000;
for (const dialect of TESTED_DIALECTS) {
  test(`a clone on another host is detected at the original's next check-in, and becomes a separate sensor (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { key, sensorId, token } = await enrolledSensor(world, cookie, "allow");
    const original = program(world, key, sensorId, "10.0.0.1", FACTS);
    const clone = program(world, key, sensorId, "10.0.0.7", CLONE_FACTS);
    const all = { packages: { status: "collected", root: "a".repeat(64) } };
    expect((await original.checkIn()).status).toBe(200);

    world.clock.ms += MINUTE_MS / 2;
    const held = await clone.checkIn({ inventory: all });
    expect(held).toMatchObject({ status: 200, body: { wanted: [], checkInIntervalSeconds: 15 } });
    // The clone cannot change the original: not by an upload, an unenroll request, or its address.
    const upload = await clone.send(
      "/sensor/v1/inventory/packages",
      { root: "a".repeat(64), chunks: [] },
      "PUT",
    );
    expect(upload).toMatchObject({ status: 409, body: { code: "state-conflict" } });
    expect((await clone.send("/sensor/v1/unenroll", {})).body.code).toBe("state-conflict");
    expect((await world.call(getSensor, cookie, { params: { id: sensorId } })).address).toBe("10.0.0.1");

    world.clock.ms += MINUTE_MS / 2;
    expect((await original.checkIn()).status).toBe(200);
    expect(await clone.checkIn()).toMatchObject({ status: 403, body: { code: "sensor-cloned" } });
    expect((await clone.send("/sensor/v1/unenroll", {})).body.code).toBe("sensor-cloned");

    // A retry after a lost reply: the same new key gets the same sensor.
    const newKey = makeTestSensor();
    const first = await clone.becomeClone(newKey);
    expect(first).toMatchObject({ status: 201, body: { awaitingApproval: false } });
    const again = await Promise.all([clone.becomeClone(newKey)]);
    expect(again[0]!.body.sensorId).toBe(first.body.sensorId);
    const own = program(world, newKey, first.body.sensorId, "10.0.0.7", CLONE_FACTS);
    expect((await own.checkIn({ inventory: all })).body.wanted).toEqual(["packages"]);
    expect((await original.checkIn()).status).toBe(200);
    expect((await clone.checkIn()).body.code).toBe("sensor-cloned");

    const { items } = await world.call(listSensors, cookie, {});
    expect(items.map(({ id, address }) => [id, address]).toSorted()).toEqual(
      [
        [sensorId, "10.0.0.1"],
        [first.body.sensorId, "10.0.0.7"],
      ].toSorted(),
    );
    const shown = await world.call(getSensor, cookie, { params: { id: sensorId } });
    expect(shown.clones).toEqual([
      {
        hostname: "web-01",
        address: "10.0.0.7",
        firstSeenAt: expect.any(String),
        differs: ["product-uuid", "mac-address"],
        sensor: { id: first.body.sensorId, name: "web-01" },
      },
    ]);
    const copied = await world.call(getSensor, cookie, { params: { id: first.body.sensorId } });
    expect(copied).toMatchObject({
      cloneOf: { id: sensorId, name: "web-01", deleted: false },
      tags: ["pci"],
      enrolledBy: { id: token.id },
    });
    const events = await world.db
      .selectFrom("auditEvent")
      .select(["action", "entityId", "details"])
      .execute();
    const noticed = events.filter(({ action }) => action === "sensor.clone-detected");
    expect(noticed.map(({ entityId, details }) => ({ entityId, ...JSON.parse(details) }))).toEqual([
      {
        entityId: sensorId,
        cloneHostname: "web-01",
        cloneAddress: "10.0.0.7",
        address: "10.0.0.1",
        differs: ["product-uuid", "mac-address"],
      },
    ]);
    // A clone counts as a use of the token, like an enrollment.
    const { enrolledSensors } = await world.call(tokens.getEnrollmentToken, cookie, {
      params: { id: token.id },
    });
    expect(enrolledSensors).toBe(2);
  });

  test(`the token's rule decides whether a clone is allowed, needs approval, or is rejected (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const fork = async (rule: ClonedHostsRule) => {
      const { key, sensorId, token } = await enrolledSensor(world, cookie, rule);
      const original = program(world, key, sensorId, "10.0.0.1", FACTS);
      const clone = program(world, key, sensorId, "10.0.0.7", CLONE_FACTS);
      await original.checkIn();
      await clone.checkIn();
      await original.checkIn();
      return { clone, token, sensorId };
    };
    const waiting = await fork("approval");
    const newKey = makeTestSensor();
    const { body } = await waiting.clone.becomeClone(newKey);
    expect(body).toMatchObject({ awaitingApproval: true });
    const own = program(world, newKey, body.sensorId, "10.0.0.7", CLONE_FACTS);
    expect((await own.checkIn()).body.code).toBe("sensor-awaiting-approval");
    const params = { id: body.sensorId as string };
    const { fingerprint } = await world.call(getSensor, cookie, { params });
    await world.call(approveSensor, cookie, { params, body: { fingerprint } });
    expect((await own.checkIn()).status).toBe(200);

    const refused = await fork("reject");
    expect(await refused.clone.becomeClone(makeTestSensor())).toMatchObject({
      status: 403,
      body: { code: "sensor-cloned", detail: expect.stringContaining("rejects clones") },
    });

    // A revoked token must not admit any further host.
    const revoked = await fork("allow");
    await world.call(tokens.revokeEnrollmentToken, cookie, { params: { id: revoked.token.id } });
    expect((await revoked.clone.becomeClone(makeTestSensor())).body.awaitingApproval).toBe(true);
  });

  test(`a clone is accepted only from a second host, with a key that no other sensor has and a proof of it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { key, sensorId } = await enrolledSensor(world, cookie, "allow");
    const original = program(world, key, sensorId, "10.0.0.1", FACTS);
    await original.checkIn();
    expect((await original.becomeClone(makeTestSensor())).body.code).toBe("state-conflict");
    const clone = program(world, key, sensorId, "10.0.0.7", CLONE_FACTS);
    expect((await clone.becomeClone(makeTestSensor())).body.code).toBe("state-conflict");
    await clone.checkIn();
    await original.checkIn();
    expect((await clone.becomeClone(key)).body.code).toBe("key-taken");
    const mine = makeTestSensor();
    const body = {
      ...mine.enrollBody("web-01"),
      protocolVersion: 1,
      proof: makeTestSensor().proof(sensorId),
    };
    world.clock.ms += 1;
    expect((await clone.send("/sensor/v1/clones", body)).body.code).toBe("signature-invalid");
    // A signature that does not cover the instance id is rejected.
    const plain = key.request(
      "POST",
      "/sensor/v1/check-in",
      { protocolVersion: 1, sensorVersion: "1" },
      world.clock.ms,
      {
        keyid: sensorId,
        nonce: nextNonce(),
        components: SIGNED_COMPONENTS.filter((name) => name !== INSTANCE_HEADER),
      },
    );
    expect((await (await world.fetch("/sensor/v1/check-in", plain)).json()) as object).toMatchObject({
      code: "signature-invalid",
    });
  });

  test(`a host that moves to other hardware keeps its sensor once the old hardware is silent (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { key, sensorId } = await enrolledSensor(world, cookie, "reject");
    await program(world, key, sensorId, "10.0.0.1", FACTS).checkIn();
    const moved = program(world, key, sensorId, "10.0.0.7", CLONE_FACTS);
    expect((await moved.checkIn()).body.checkInIntervalSeconds).toBe(15);
    world.clock.ms += 3 * MINUTE_MS + 10;
    expect((await moved.checkIn()).body.checkInIntervalSeconds).toBe(60);
    const shown = await world.call(getSensor, cookie, { params: { id: sensorId } });
    expect(shown).toMatchObject({ address: "10.0.0.7", clones: [] });
  });
}
