// A row of the list of sensors: small, and the same as the sensor itself.
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { getSensor, listedSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld } from "../testing/test-world.ts";

const MAX_BYTES = 700;

test("a row of the list has what the sensor has, in at most 700 bytes, for every role", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("posture-manager");
  const { value } = await world.call(createEnrollmentToken, cookie, {
    body: {
      name: "Production, Frankfurt",
      scope: { type: "asset-group", assetGroupName: "Production" },
      expiresAt: null,
      tags: ["pci", "frankfurt"],
    },
  });
  for (let number = 1; number <= 3; number++) {
    const key = makeTestSensor();
    const body = key.enrollBody(`web-0${number}.eu-central-1.example.com`, {
      productUuid: crypto.randomUUID(),
      serialNumber: `serial-${number}`,
    });
    const init = key.request("POST", "/sensor/v1/enroll", body, world.clock.ms + number, { token: value });
    expect((await world.fetch("/sensor/v1/enroll", init)).status).toBe(201);
  }
  for (const as of [cookie, await world.signedIn("viewer")]) {
    const { items } = await world.call(listSensors, as, {});
    expect(items).toHaveLength(3);
    for (const item of items) {
      expect(listedSensor.strict().parse(item)).toEqual(item);
      expect(JSON.stringify(item).length).toBeLessThanOrEqual(MAX_BYTES);
      const { actions: _, obstacles: __, needsRole: ___, ...row } = item;
      expect(await world.call(getSensor, as, { params: { id: item.id } })).toMatchObject(row);
    }
  }
});
