// The states of a sensor that prevent an action, for `can`, for enforcement, and for the CLI.
import {
  type ActionOf,
  actionsOf,
  type ObstacleRules,
  obstacleSentence,
} from "@attacklens/protocol/obstacles.ts";
import { SENSOR_OBSTACLES } from "@attacklens/protocol/sensor-obstacles.ts";
import type { SensorTable } from "../../db/schema-sensors.ts";

export type SensorAction = ActionOf<typeof SENSOR_OBSTACLES>;
export const SENSOR_ACTIONS = actionsOf(SENSOR_OBSTACLES);

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
  const code = SENSOR_RULES[action](sensor);
  return code && obstacleSentence(SENSOR_OBSTACLES, action, code);
}

export const SENSOR_RULES: ObstacleRules<typeof SENSOR_OBSTACLES, [sensor: SensorFacts]> = {
  approve({ removedAt, uninstalledAt, awaitingApproval }) {
    if (removedAt !== null) return "removed";
    if (uninstalledAt !== null) return "unenrolled";
    return awaitingApproval === 1 ? undefined : "not-waiting";
  },
  withdrawApproval({ removedAt, uninstalledAt, replacedAt, awaitingApproval, approvedAt }) {
    if (removedAt !== null) return "removed";
    if (uninstalledAt !== null) return "unenrolled";
    if (replacedAt !== null) return "replaced";
    if (awaitingApproval === 1) return "waiting";
    return approvedAt === null ? "not-approved" : undefined;
  },
  block: ({ blockedAt }) => (blockedAt === null ? undefined : "blocked"),
  unblock: ({ blockedAt }) => (blockedAt === null ? "not-blocked" : undefined),
  delete: () => undefined,
  reEnroll({ removedAt, replacedAt, blockedAt }) {
    if (removedAt !== null) return "removed";
    if (replacedAt !== null) return "replaced";
    return blockedAt === null ? undefined : "blocked";
  },
  merge({ hasMatch, awaitingApproval, blockedAt }) {
    if (!hasMatch) return "no-match";
    if (awaitingApproval === 1) return "waiting";
    return blockedAt === null ? undefined : "blocked";
  },
  dismissMatch: ({ hasMatch }) => (hasMatch ? undefined : "no-match"),
  undoMerge: ({ replacedAt }) => (replacedAt === null ? "not-replaced" : undefined),
};
