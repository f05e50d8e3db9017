// Why a token refuses a host, and what to do. The sensor prints these hints, and the deploy guides have the
// table.
import type { TOKEN_REFUSALS } from "./enrollment-attempts.ts";
import { PROBLEMS, type ProblemCode } from "./problems.ts";

type TokenRefusal = (typeof TOKEN_REFUSALS)[number] | "token-unknown";

const ANOTHER_TOKEN = "create a new token under Sensors > Enrollment Tokens";

const ROWS: Record<TokenRefusal, { cause: string; fix: string }> = {
  "token-unknown": {
    cause: "The value is incomplete, or the token was deleted, or it belongs to another server.",
    fix: "copy the token again, or create a new one under Sensors > Enrollment Tokens",
  },
  "token-revoked": { cause: "An operator revoked the token.", fix: ANOTHER_TOKEN },
  "token-expired": { cause: "The expiry of the token has passed.", fix: ANOTHER_TOKEN },
  "token-used-up": {
    cause: "As many sensors have enrolled as the token allows.",
    fix: "raise the token's limit in the console, or create a new token",
  },
  "token-paused": {
    cause: "An operator paused the token.",
    fix: "resume the token in the console, then repeat the command",
  },
  "network-not-allowed": {
    cause: "The server sees an address of the host that is not in the token's allowed networks.",
    fix: "add this network to the token in the console, or use a token that allows it",
  },
  "hostname-not-allowed": {
    cause: "The hostname matches none of the token's allowed hostnames.",
    fix: "add this hostname to the token in the console, or use a token that allows it",
  },
  "token-group-deleted": {
    cause: "The asset group of the token was deleted.",
    fix: "create a token for an existing asset group",
  },
};

/** Hints for a refused token. */
export const TOKEN_HINTS: Partial<Record<ProblemCode, string>> = Object.fromEntries(
  Object.entries(ROWS).map(([code, { fix }]) => [code, fix]),
);

/** Each refusal with the message of the sensor, its cause and its fix. */
export function listTokenRefusals(): { message: string; cause: string; fix: string }[] {
  return Object.entries(ROWS).map(([code, row]) => ({
    message: PROBLEMS[code as TokenRefusal].title,
    ...row,
  }));
}
