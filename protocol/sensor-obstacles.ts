// The actions on a sensor, and the states that prevent them.
import type { ObstacleTable } from "./obstacles.ts";

const NO_MATCH = {
  "no-match":
    "it has no match to decide about. The match was decided already, or the earlier sensor reports again",
} as const;

export const SENSOR_OBSTACLES = {
  noun: "sensor",
  permission: "sensors:manage",
  actions: {
    approve: {
      verb: "approve",
      obstacles: {
        "not-waiting": "it isn't waiting for approval",
        removed: "it was removed as ephemeral. Enroll the host with a token",
        unenrolled: "it was unenrolled. Re-enroll it first",
      },
    },
    withdrawApproval: {
      verb: "withdraw the approval of",
      obstacles: {
        "not-approved": "its enrollment required no approval. Block it instead",
        removed: "it was removed as ephemeral",
        unenrolled: "it was unenrolled",
        replaced: "another sensor replaced it",
        waiting: "it is waiting for approval",
      },
    },
    block: { verb: "block", obstacles: { blocked: "it is already blocked" } },
    unblock: { verb: "unblock", obstacles: { "not-blocked": "it isn't blocked" } },
    delete: { verb: "delete", obstacles: {} },
    reEnroll: {
      verb: "re-enroll",
      obstacles: {
        blocked: "it is blocked. Unblock it first",
        removed: "it was removed as ephemeral. Enroll the host with a token",
        replaced: "another sensor replaced it. Re-enroll the sensor that continues its history",
      },
    },
    merge: {
      verb: "merge",
      obstacles: {
        ...NO_MATCH,
        waiting: "it is waiting for approval. Approve it first",
        blocked: "it is blocked. Unblock it first",
      },
    },
    dismissMatch: { verb: "keep both for", obstacles: NO_MATCH },
    undoMerge: {
      verb: "undo the merge of",
      obstacles: { "not-replaced": "no other sensor has replaced it" },
    },
  },
} as const satisfies ObstacleTable;
