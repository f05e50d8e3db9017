// The change to a token that fixes a refused attempt.
import type { EnrollmentAttempt } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Proposal } from "./token-values.ts";

const MORE_USES = 10;
const MORE_DAYS = 7;

/** Returns undefined when no change fixes it, or when the token has changed already. */
export function fixOf(
  { reason, address, hostname, sensor }: EnrollmentAttempt,
  token: EnrollmentToken,
): { label: string; proposal: Proposal } | undefined {
  if (reason === null || sensor !== null || !token.can.edit.allowed) return undefined;
  switch (reason) {
    case "network-not-allowed":
      if (token.allowedNetworks.length === 0 || token.allowedNetworks.includes(hostNetwork(address)))
        return undefined;
      return { label: `Allow ${address}…`, proposal: { addNetwork: address } };
    case "hostname-not-allowed":
      if (token.allowedHostnames.length === 0 || token.allowedHostnames.includes(hostname.toLowerCase()))
        return undefined;
      return { label: `Allow ${hostname}…`, proposal: { addHostname: hostname.toLowerCase() } };
    case "token-used-up":
      if (token.status !== "used-up") return undefined;
      return { label: `Allow ${MORE_USES} more uses…`, proposal: { moreUses: String(MORE_USES) } };
    case "token-expired":
      if (token.status !== "expired") return undefined;
      return { label: `Extend by ${MORE_DAYS} days…`, proposal: { extendDays: String(MORE_DAYS) } };
    case "token-revoked":
    case "token-paused":
    case "token-group-deleted":
    case "sensor-cloned":
      return undefined;
  }
}

/** The server stores a single address as a network. */
function hostNetwork(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}
