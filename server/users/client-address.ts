// Whom an attempt to sign in counts for: the client's address, passed on in a header that no client can set.
import { isIP, isIPv6 } from "node:net";
import type { HttpRequest } from "../route-handler.ts";

/** Set by us on every request that signs in; better-auth writes it into the session. */
export const CLIENT_ADDRESS = "x-attacklens-client-address";

/** What requests share that come from this machine, or through a proxy on it that does not say for whom. */
export const SHARED_ADDRESS = "127.0.0.1";

/** The request's headers with the client's address, whatever the client wrote there. */
export function withClientAddress({ headers, address }: Pick<HttpRequest, "headers" | "address">): Headers {
  const copy = new Headers(headers);
  copy.set(CLIENT_ADDRESS, countedAddress(headers, address));
  return copy;
}

/**
 * A proxy on this machine is believed, and only the last address of X-Forwarded-For, which it has seen itself: what is before
 * it, the client wrote. An IPv6 address counts as its /64, of which one subscriber has all 2^64.
 */
function countedAddress(headers: Headers, address: string): string {
  if (!/^(127\.|::1$)/.test(address)) return networkOf(address);
  const last = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  return isIP(last) ? networkOf(last) : SHARED_ADDRESS;
}

function networkOf(address: string): string {
  const [bare = address] = address.split("%");
  if (!isIPv6(bare)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (mapped) return mapped[1]!;
  const [head = "", tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split("::");
  const groups = head.split(":").filter(Boolean);
  const behind = tail?.split(":").filter(Boolean) ?? [];
  const zeros = Array<string>(8 - groups.length - behind.length).fill("0");
  return `${[...groups, ...zeros, ...behind].slice(0, 4).join(":")}::`;
}
