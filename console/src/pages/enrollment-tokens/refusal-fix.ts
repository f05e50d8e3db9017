// What the page offers for a refusal: the change of the token that would have let the host in.
import type { EnrollmentAttempt } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { Proposal } from "./token-values.ts";

const MORE_USES = 10;
const MORE_DAYS = 7;

/** Undefined when nothing can be offered, or when the reason is gone by now. */
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
      return { label: `Allow ${MORE_USES} more…`, proposal: { moreUses: String(MORE_USES) } };
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

/** As the server writes a single address into a list of networks. */
function hostNetwork(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}
