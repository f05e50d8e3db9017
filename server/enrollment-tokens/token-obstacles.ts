// The states of an enrollment token that prevent an action. `can`, its enforcement, and the messages of the
// CLI use them.
import {
  type ActionOf,
  actionsOf,
  type ObstacleRules,
  obstacleSentence,
} from "@attacklens/protocol/obstacles.ts";
import { TOKEN_OBSTACLES } from "@attacklens/protocol/token-obstacles.ts";
import { enrollmentTokenStatus, type TokenFacts } from "./token-status.ts";

export type TokenAction = ActionOf<typeof TOKEN_OBSTACLES>;
export const TOKEN_ACTIONS = actionsOf(TOKEN_OBSTACLES);

/** Returns a sentence with the reason and the next step, or undefined if the action is possible at `now`. */
export function tokenObstacle(action: TokenAction, token: TokenFacts, now: number): string | undefined {
  const code = TOKEN_RULES[action](token, now);
  return code && obstacleSentence(TOKEN_OBSTACLES, action, code);
}

export const TOKEN_RULES: ObstacleRules<typeof TOKEN_OBSTACLES, [token: TokenFacts, now: number]> = {
  edit: ({ revokedAt }) => (revokedAt === null ? undefined : "revoked"),
  pause(token, now) {
    if (token.revokedAt !== null) return "revoked";
    if (token.pausedAt !== null) return "paused";
    const status = enrollmentTokenStatus(token, now);
    return status === "active" ? undefined : status;
  },
  resume({ revokedAt, pausedAt }) {
    if (revokedAt !== null) return "revoked";
    return pausedAt === null ? "not-paused" : undefined;
  },
  revoke: ({ revokedAt }) => (revokedAt === null ? undefined : "revoked"),
  rotate({ revokedAt, assetGroupDeletedAt }) {
    if (revokedAt !== null) return "revoked";
    return assetGroupDeletedAt === null ? undefined : "group-deleted";
  },
  revokeAndBlock: () => undefined,
  delete: () => undefined,
};
