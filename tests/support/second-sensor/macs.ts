// The key of the second sensor's MACs: announced, agreed on, and ended.
import { randomBytes } from "node:crypto";
import type { SecondSensor } from "./second-sensor.ts";
import { agreementKeyOf, macKeyOf, publicKeyTextOf, type ServerAgreement } from "./signed-requests.ts";

/** The requests that may have a MAC. */
export const MAC_PATH = /^\/sensor\/v1\/(check-in$|inventory\/)/;
const PAUSE_MS = 3_600_000;

/** The next check-in announces another key. */
export function endMacs(sensor: SecondSensor): void {
  sensor.mac = undefined;
  sensor.agreementKey = agreementKeyOf(randomBytes(32));
}

export function noteRefusedMac(sensor: SecondSensor): void {
  endMacs(sensor);
  const now = sensor.connection.now();
  if (now - sensor.macRefusedAt < PAUSE_MS) {
    sensor.macPausedUntil = now + PAUSE_MS;
  }
  sensor.macRefusedAt = now;
}

/** What a check-in has to announce: nothing while there is a key of MACs, or while they pause. */
export function announcement(sensor: SecondSensor): { agreementKey?: string } {
  const isDue = sensor.mac === undefined && sensor.connection.now() >= sensor.macPausedUntil;
  return isDue ? { agreementKey: publicKeyTextOf(sensor.agreementKey) } : {};
}

/** Takes the `agreement` of a reply to a check-in, with or without an announcement. */
export function takeAgreement(sensor: SecondSensor, agreement: ServerAgreement | undefined): void {
  const { sensorId, serverKey } = sensor.identity;
  if (agreement === undefined || sensorId === undefined || serverKey === undefined) {
    return;
  }
  if (sensor.mac !== undefined) {
    if (sensor.mac.serverKeyId !== agreement.id) {
      endMacs(sensor);
    }
    return;
  }
  const { instance } = sensor.connection;
  const key = macKeyOf(sensor.agreementKey, agreement, { sensorId, instance, serverKey });
  if (key !== undefined) {
    sensor.mac = { key, serverKeyId: agreement.id };
  }
}
