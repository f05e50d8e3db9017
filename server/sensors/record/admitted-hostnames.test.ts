// A host that is renamed after its enrollment: the API returns both hostnames, the audit log has the change,
// and a hostname that the token does not allow is marked.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { createTicket, getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { CLONE_FACTS, enrolledSensor, FACTS, nextNonce, program } from "../../testing/test-instances.ts";
import { makeTestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../../testing/test-world.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function reportName(instance: ReturnType<typeof program>, hostname: string) {
  const item = { key: "host", kind: "host", hostname };
  const cut = cutChunks("system", [item], sha256);
  const chunks = cut.map(({ hash }) => hash);
  const root = rootHash(chunks, sha256);
  const { body } = await instance.checkIn({ inventory: { system: { status: "collected", root } } });
  if (!body.wanted.includes("system")) return;
  const contents = Object.fromEntries(cut.map(({ hash, content }) => [hash, JSON.parse(content)]));
  await instance.send("/sensor/v1/inventory/system/chunks", { chunks: contents }, "PUT");
  const stored = await instance.send("/sensor/v1/inventory/system", { root, chunks }, "PUT");
  expect(stored).toMatchObject({ status: 200, body: { missing: [] } });
}

async function renames(world: World) {
  const rows = await world.db
    .selectFrom("auditEvent")
    .select(["entityId", "details"])
    .where("action", "=", "sensor.hostname-changed")
    .orderBy("sequence")
    .execute();
  return rows.map(({ entityId, details }) => {
    const { before, after, ...others } = JSON.parse(details);
    return { entityId, before: before.hostname, hostname: after.hostname, ...others };
  });
}

for (const dialect of TESTED_DIALECTS) {
  test(`a renamed sensor also shows the hostname that its token admitted (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const sensor = await enrolledSensor(world, cookie, "allow", { allowedHostnames: ["web-*"] });
    const { key, sensorId } = sensor;
    const host = program(world, key, sensorId, "10.0.0.1", FACTS);
    const see = () => world.call(getSensor, cookie, { params: { id: sensorId } });
    expect(await see()).toMatchObject({
      hostname: "web-01",
      admittedHostname: "web-01",
      isHostnameAllowed: true,
    });
    for (const [name, isHostnameAllowed] of [
      ["WEB-01", true],
      ["web-02", true],
      ["dc-01.corp", false],
      ["web-01", true],
    ] as const) {
      world.clock.ms += 60_000;
      await reportName(host, name);
      expect(await see()).toMatchObject({ hostname: name, admittedHostname: "web-01", isHostnameAllowed });
      const { items } = await world.call(listSensors, cookie, {});
      expect([items[0]!.admittedHostname, items[0]!.isHostnameAllowed]).toEqual([
        name === "web-01" ? undefined : "web-01",
        isHostnameAllowed ? undefined : false,
      ]);
    }
    const entityId = sensorId;
    expect(await renames(world)).toEqual([
      { entityId, before: "WEB-01", hostname: "web-02", admittedHostname: "web-01", allowed: true },
      { entityId, before: "web-02", hostname: "dc-01.corp", admittedHostname: "web-01", allowed: false },
      { entityId, before: "dc-01.corp", hostname: "web-01", admittedHostname: "web-01", allowed: true },
    ]);
    // The token's current patterns apply.
    await reportName(host, "dc-01.corp");
    await world.call(tokens.updateEnrollmentToken, cookie, {
      params: { id: sensor.token.id },
      body: { allowedHostnames: [] },
    });
    expect((await see()).isHostnameAllowed).toBe(true);
  });

  test(`a clone has the hostname of its admission, and a re-enrolled sensor keeps its first admitted hostname (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const sensor = await enrolledSensor(world, cookie, "allow", { allowedHostnames: ["web-*"] });
    const { key, sensorId } = sensor;
    const original = program(world, key, sensorId, "10.0.0.1", FACTS);
    const clone = program(world, key, sensorId, "10.0.0.2", CLONE_FACTS);
    await original.checkIn();
    await clone.checkIn();
    await original.checkIn();
    const mine = makeTestSensor();
    const { body } = await clone.becomeClone(mine, "web-02");
    const own = program(world, mine, body.sensorId, "10.0.0.2", CLONE_FACTS);
    await reportName(own, "dc-02.corp");
    expect(await world.call(getSensor, cookie, { params: { id: body.sensorId } })).toMatchObject({
      ...{ hostname: "dc-02.corp", admittedHostname: "web-02", isHostnameAllowed: false },
    });

    const { value } = await world.call(createTicket, cookie, { params: { id: sensorId } });
    const next = makeTestSensor();
    const path = "/sensor/v1/re-enroll";
    const options = { token: value, nonce: nextNonce() };
    const init = next.request("POST", path, next.enrollBody("dc-01.corp"), world.clock.ms, options);
    expect((await world.fetch(path, init)).status).toBe(201);
    expect(await world.call(getSensor, cookie, { params: { id: sensorId } })).toMatchObject({
      ...{ hostname: "dc-01.corp", admittedHostname: "web-01", isHostnameAllowed: false },
    });
    expect((await renames(world)).map(({ entityId, hostname }) => [entityId, hostname])).toEqual([
      [body.sensorId, "dc-02.corp"],
      [sensorId, "dc-01.corp"],
    ]);
  });
}
