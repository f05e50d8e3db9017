// Computes a sensor's status on every read. It is not stored.
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";

/** The number of missed check-ins after which a sensor is offline. */
export const MISSED_CHECK_INS = 3;

export interface PresenceFacts {
  reportedAt: number | null;
  lastSeenAt: number;
  awaitingApproval: number;
  blockedAt: number | null;
  uninstalledAt: number | null;
  removedAt: number | null;
  replacedAt: number | null;
}

export function sensorStatus(
  sensor: PresenceFacts,
  now: number,
  checkInIntervalSeconds: number,
): SensorStatus {
  if (sensor.removedAt !== null) return "removed";
  if (sensor.replacedAt !== null) return "replaced";
  if (sensor.uninstalledAt !== null) return "uninstalled";
  if (sensor.blockedAt !== null) return "blocked";
  if (sensor.awaitingApproval === 1) return "awaiting-approval";
  if (sensor.reportedAt === null) return "pending";
  return sensor.lastSeenAt >= onlineSince(now, checkInIntervalSeconds) ? "online" : "offline";
}

/** The earliest instant of a last check-in that counts as online. */
export function onlineSince(now: number, checkInIntervalSeconds: number): number {
  return now - MISSED_CHECK_INS * checkInIntervalSeconds * 1000;
}
