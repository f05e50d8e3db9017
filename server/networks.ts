// Networks in CIDR notation (RFC 4632, RFC 4291), and the client of a request that passed through proxies.
import ipaddr from "ipaddr.js";

/**
 * A network in its shortest text, or undefined: `10.1.2.3/16` → `10.1.0.0/16`, `10.1.2.3` → `10.1.2.3/32`.
 */
export function parseNetwork(text: string): string | undefined {
  try {
    if (!text.includes("/")) {
      const address = parseAddress(text);
      return address && `${address}/${address.kind() === "ipv4" ? 32 : 128}`;
    }
    const [address, bits] = ipaddr.parseCIDR(text);
    if (address.kind() === "ipv4" && !ipaddr.IPv4.isValidFourPartDecimal(text.replace(/\/.*$/, "")))
      return undefined;
    const network =
      address.kind() === "ipv4"
        ? ipaddr.IPv4.networkAddressFromCIDR(text)
        : ipaddr.IPv6.networkAddressFromCIDR(text);
    return `${network}/${bits}`;
  } catch {
    return undefined;
  }
}

/** Whether an address lies in one of the networks; an address that cannot be read lies in none. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const parsed = parseAddress(address);
  if (!parsed) return false;
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/** An IPv4 address that arrives mapped into IPv6 is the IPv4 address. */
function parseAddress(text: string) {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : undefined;
}

/**
 * The client of a request that came from `peer`: X-Forwarded-For is read from right to left while a trusted
 * proxy wrote the entry. Entries that a client wrote are further left, and are never reached.
 */
export function clientAddressOf(
  peer: string,
  forwardedFor: string | null,
  trustedProxies: readonly string[],
): string {
  const hops = (forwardedFor ?? "").split(",").map((hop) => hop.trim());
  let client = peer;
  while (hops.length > 0 && isInNetworks(client, trustedProxies)) {
    const parsed = parseAddress(hops.pop() ?? "");
    if (!parsed) break;
    client = parsed.toString();
  }
  return client;
}

/** What an address is counted as: `address` alone, and `network` together with its neighbors. */
export interface AddressGroup {
  /** An IPv4 address as it is; of an IPv6 address its /64, of which one subscriber has all 2^64. */
  address: string;
  /** The /48 of an IPv6 address, which one subscriber may have too; else as `address`. */
  network: string;
}

export function addressGroup(text: string): AddressGroup {
  const parsed = parseAddress(text.replace(/%.*$/, ""));
  if (parsed?.kind() !== "ipv6") {
    const address = parsed?.toString() ?? text;
    return { address, network: address };
  }
  const prefix = (bits: number) => `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/${bits}`)}/${bits}`;
  return { address: prefix(64), network: prefix(48) };
}

/** True for an address of this machine. All clients behind an untrusted proxy on this machine share it. */
export function isLoopback(address: string): boolean {
  return isInNetworks(address, ["127.0.0.0/8", "::1/128"]);
}
