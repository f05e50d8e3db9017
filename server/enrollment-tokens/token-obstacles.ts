// The states of an enrollment token that prevent an action. `can`, its enforcement, and the messages of the
// CLI use them.
import type { EnrollmentToken, TokenStatus } from "@attacklens/protocol/enrollment-tokens.ts";
import { enrollmentTokenStatus, type TokenFacts } from "./token-status.ts";

export type TokenAction = keyof EnrollmentToken["can"];

const VERBS: Record<TokenAction, string> = {
  edit: "edit",
  pause: "pause",
  resume: "resume",
  revoke: "revoke",
  rotate: "rotate",
  revokeAndBlock: "revoke and block",
  delete: "delete",
};
export const TOKEN_ACTIONS = Object.keys(VERBS) as TokenAction[];

/** Returns a sentence with the reason and the next step, or undefined if the action is possible at `now`. */
export function tokenObstacle(action: TokenAction, token: TokenFacts, now: number): string | undefined {
  const why = whyNot(action, token, now);
  return why && `Can't ${VERBS[action]} the enrollment token: ${why}.`;
}

const REVOKED = "it is revoked, which is final. Create a new token";
const GROUP_DELETED = "its asset group was deleted. Create a token for an asset group that exists";

/** In these states a token admits no host, so pausing it has no effect. */
const CLOSED: Partial<Record<TokenStatus, string>> = {
  expired: "it has expired. Extend it first",
  "group-deleted": GROUP_DELETED,
  "used-up": "it is used up. Raise its limit first",
};

function whyNot(action: TokenAction, token: TokenFacts, now: number): string | undefined {
  const isRevoked = token.revokedAt !== null;
  switch (action) {
    case "edit":
      return isRevoked ? REVOKED : undefined;
    case "pause":
      if (isRevoked) return REVOKED;
      if (token.pausedAt !== null) return "it is already paused";
      return CLOSED[enrollmentTokenStatus(token, now)];
    case "resume":
      if (isRevoked) return REVOKED;
      return token.pausedAt === null ? "it isn't paused" : undefined;
    case "revoke":
      return isRevoked ? "it is already revoked" : undefined;
    case "rotate":
      if (isRevoked) return REVOKED;
      return token.assetGroupDeletedAt === null ? undefined : GROUP_DELETED;
    case "revokeAndBlock":
    case "delete":
      return undefined;
  }
}
