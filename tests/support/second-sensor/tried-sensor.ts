// The second sensor in tests: without pauses, observed through the API.
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { getSensor } from "@attacklens/protocol/sensors.ts";
import type { User } from "../installation.ts";
import { type Collected, report } from "./checking-in.ts";
import { makeUpHost } from "./made-up-host.ts";
import { type SecondSensor, type SensorOptions, startSensor } from "./second-sensor.ts";

export const FIRST_HOST = makeUpHost("made-up-01", "0123456789abcdef0123456789abcdef");

/** Skips all pauses, so that a test takes no longer than its requests. */
export function start(
  options: Pick<SensorOptions, "folder" | "address"> & Partial<SensorOptions>,
): SecondSensor {
  return startSensor({ host: FIRST_HOST, sleep: async () => {}, ...options });
}

export async function reportUntilTaken(sensor: SecondSensor, collected: Collected): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if ((await report(sensor, collected)).kind === "taken") return;
  }
  throw new Error("Cannot report: the server did not take it in 50 tries");
}

export const idOf = (sensor: SecondSensor) => sensor.identity.sensorId ?? "";

export const show = (user: User, sensor: SecondSensor) =>
  user.call(getSensor, { params: { id: idOf(sensor) } });

export async function listPackages(user: User, sensor: SecondSensor) {
  const params = { id: idOf(sensor), category: "packages" as const };
  return (await user.call(listSensorInventory, { params, query: { limit: 1000 } })).items;
}
