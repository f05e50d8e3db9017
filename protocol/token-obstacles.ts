// The actions on an enrollment token, and the states that prevent them.
import type { ObstacleTable } from "./obstacles.ts";

const REVOKED = { revoked: "it is revoked, which is final. Create a new token" } as const;
const GROUP_DELETED = {
  "group-deleted": "its asset group was deleted. Create a token for an asset group that exists",
} as const;

export const TOKEN_OBSTACLES = {
  noun: "enrollment token",
  permission: "enrollment-tokens:manage",
  actions: {
    edit: { verb: "edit", obstacles: REVOKED },
    pause: {
      verb: "pause",
      // In the last three states a token admits no host, so pausing it has no effect.
      obstacles: {
        paused: "it is already paused",
        ...REVOKED,
        expired: "it has expired. Extend it first",
        ...GROUP_DELETED,
        "used-up": "it is used up. Raise its limit first",
      },
    },
    resume: { verb: "resume", obstacles: { "not-paused": "it isn't paused", ...REVOKED } },
    revoke: { verb: "revoke", obstacles: { revoked: "it is already revoked" } },
    rotate: { verb: "rotate", obstacles: { ...REVOKED, ...GROUP_DELETED } },
    revokeAndBlock: { verb: "revoke and block", obstacles: {} },
    delete: { verb: "delete", obstacles: {} },
  },
} as const satisfies ObstacleTable;
