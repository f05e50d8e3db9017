// The states of a sensor that prevent an action, for `can`, for enforcement, and for the CLI.
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import type { SensorTable } from "../../db/schema.ts";

export type SensorAction = keyof Sensor["can"];

const VERBS: Record<SensorAction, string> = {
  approve: "approve",
  withdrawApproval: "withdraw the approval of",
  block: "block",
  unblock: "unblock",
  delete: "delete",
  reEnroll: "re-enroll",
  merge: "merge",
  dismissMatch: "keep both for",
  undoMerge: "undoMerge",
};
export const SENSOR_ACTIONS = Object.keys(VERBS) as SensorAction[];

export interface SensorFacts
  extends Pick<
    SensorTable,
    "awaitingApproval" | "approvedAt" | "blockedAt" | "uninstalledAt" | "removedAt" | "replacedAt"
  > {
  /** An offline sensor is an undecided match of this one. */
  hasMatch: boolean;
}

/** Returns a sentence with the reason and the next step, or undefined if the action is possible now. */
export function sensorObstacle(action: SensorAction, sensor: SensorFacts): string | undefined {
  const why = whyNot(action, sensor);
  return why && `Can't ${VERBS[action]} the sensor: ${why}.`;
}

const NO_MATCH =
  "it has no match to decide about. The match was decided already, or the earlier sensor reports again";

function whyNot(action: SensorAction, sensor: SensorFacts): string | undefined {
  const isBlocked = sensor.blockedAt !== null;
  switch (action) {
    case "approve":
      if (sensor.removedAt !== null) return "it was removed as ephemeral. Enroll the host with a token";
      if (sensor.uninstalledAt !== null) return "it was unenrolled. Re-enroll it first";
      return sensor.awaitingApproval === 1 ? undefined : "it isn't waiting for approval";
    case "withdrawApproval":
      if (sensor.removedAt !== null) return "it was removed as ephemeral";
      if (sensor.uninstalledAt !== null) return "it was unenrolled";
      if (sensor.replacedAt !== null) return "another sensor replaced it";
      if (sensor.awaitingApproval === 1) return "it is waiting for approval";
      return sensor.approvedAt === null ? "its enrollment required no approval. Block it instead" : undefined;
    case "block":
      return isBlocked ? "it is already blocked" : undefined;
    case "unblock":
      return isBlocked ? undefined : "it isn't blocked";
    case "delete":
      return undefined;
    case "reEnroll":
      if (sensor.removedAt !== null) return "it was removed as ephemeral. Enroll the host with a token";
      if (sensor.replacedAt !== null)
        return "another sensor replaced it. Re-enroll the sensor that continues its history";
      return isBlocked ? "it is blocked. Unblock it first" : undefined;
    case "merge":
      if (!sensor.hasMatch) return NO_MATCH;
      if (sensor.awaitingApproval === 1) return "it is waiting for approval. Approve it first";
      return isBlocked ? "it is blocked. Unblock it first" : undefined;
    case "dismissMatch":
      return sensor.hasMatch ? undefined : NO_MATCH;
    case "undoMerge":
      return sensor.replacedAt === null ? "no other sensor has replaced it" : undefined;
  }
}
