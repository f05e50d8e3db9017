// The change to a token that fixes a refused attempt, and what the operator does next.
import type { EnrollmentAttempt } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";

const MORE_USES = 10;
const MORE_DAYS = 7;

/** The changes that a refused attempt offers, in the search of the edit dialog's URL. */
export type Proposal = {
  addNetwork?: string;
  addHostname?: string;
  moreUses?: string;
  extendDays?: string;
};

export interface Fix {
  label: string;
  proposal: Proposal;
}

/** Returns undefined when no change fixes it, or when the token has changed already. */
export function fixOf(
  { reason, address, hostname, sensor }: EnrollmentAttempt,
  token: EnrollmentToken,
): Fix | undefined {
  if (reason === null || sensor !== null || !token.can.edit.allowed) return undefined;
  if (!isStillRefused({ reason, address, hostname }, token)) return undefined;
  switch (reason) {
    case "network-not-allowed":
      return { label: `Allow ${address}…`, proposal: { addNetwork: address } };
    case "hostname-not-allowed":
      return { label: `Allow ${hostname}…`, proposal: { addHostname: hostname.toLowerCase() } };
    case "token-used-up":
      return { label: `Allow ${MORE_USES} more uses…`, proposal: { moreUses: String(MORE_USES) } };
    case "token-expired":
      return { label: `Extend by ${MORE_DAYS} days…`, proposal: { extendDays: String(MORE_DAYS) } };
    case "sensor-cloned":
      return { label: "Change the rule for cloned hosts…", proposal: {} };
    case "token-revoked":
    case "token-paused":
    case "token-group-deleted":
      return undefined;
  }
}

/** What the operator does about a refusal when the console offers no change of the token. */
export function adviceOf(attempt: EnrollmentAttempt, token: EnrollmentToken): string {
  const { reason, address, hostname } = attempt;
  if (reason === null) return "";
  if (!isStillRefused({ reason, address, hostname }, token))
    return "The token has changed since. Run the command on this host again.";
  switch (reason) {
    case "network-not-allowed":
      return `Allow ${address} in the token's settings, or enroll this host from an allowed network.`;
    case "hostname-not-allowed":
      return `Allow ${hostname} in the token's settings, or rename this host.`;
    case "token-used-up":
      return "Allow more uses in the token's settings, or use another token.";
    case "token-expired":
      return "Extend the token, or use another one.";
    case "token-paused":
      return "Resume the token, then run the command on this host again.";
    case "token-revoked":
      return "Create a new token. A revoked token stays revoked.";
    case "token-group-deleted":
      return "Create a new token for an existing asset group.";
    case "sensor-cloned":
      return "Set the token's rule for cloned hosts to Require approval, or enroll this host with a token.";
  }
}

type Refusal = Pick<EnrollmentAttempt, "address" | "hostname"> & {
  reason: NonNullable<EnrollmentAttempt["reason"]>;
};

/** False if the token's current settings no longer give this reason. */
function isStillRefused({ reason, address, hostname }: Refusal, token: EnrollmentToken): boolean {
  switch (reason) {
    case "network-not-allowed":
      return token.allowedNetworks.length > 0 && !token.allowedNetworks.includes(hostNetwork(address));
    case "hostname-not-allowed":
      return token.allowedHostnames.length > 0 && !token.allowedHostnames.includes(hostname.toLowerCase());
    case "token-used-up":
      return token.status === "used-up";
    case "token-expired":
      return token.status === "expired";
    case "token-paused":
      return token.status === "paused";
    case "token-revoked":
    case "token-group-deleted":
    case "sensor-cloned":
      return true;
  }
}

/** The server stores a single address as a network. */
function hostNetwork(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}
