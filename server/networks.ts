// Networks in CIDR notation (RFC 4632, RFC 4291), and the client of a request that passed through proxies.
import ipaddr from "ipaddr.js";

/**
 * Returns the normalized network, or undefined if the text is invalid: `10.1.2.3/16` → `10.1.0.0/16`,
 * `10.1.2.3` → `10.1.2.3/32`.
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

/** Returns whether an address is in one of the networks. An invalid address is in none. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const parsed = parseAddress(address);
  if (!parsed) return false;
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/** Parses an address. An IPv4-mapped IPv6 address becomes the IPv4 address. */
function parseAddress(text: string) {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : undefined;
}

/** Returns the address in the form in which it is stored; undefined: it is none. */
export const parseAddressText = (text: string): string | undefined => parseAddress(text)?.toString();

/** Addresses, or what the texts of addresses begin with. One of the lists is empty. */
export interface AddressRanges {
  exact: string[];
  prefixes: string[];
}

/**
 * Returns the texts of the addresses in an IPv4 network, or of one address: `10.0.0.0/15` has the prefixes
 * `10.0.` and `10.1.`. Undefined: the text is neither.
 */
export function addressRanges(text: string): AddressRanges | undefined {
  if (!text.includes("/")) {
    const address = parseAddressText(text);
    return address === undefined ? undefined : { exact: [address], prefixes: [] };
  }
  const network = parseNetwork(text);
  if (network === undefined || network.includes(":")) return undefined;
  const [base, bits] = ipaddr.parseCIDR(network) as [ipaddr.IPv4, number];
  // The octets that all addresses share, and the next one, of which some values are in the network.
  const shared = Math.min(3, Math.floor((bits - 1) / 8));
  const octets = base.octets.slice(0, Math.max(0, shared));
  const first = base.octets[octets.length]!;
  const values = Array.from({ length: 2 ** (8 * (octets.length + 1) - bits) }, (_, index) => first + index);
  const found = values.map((value) => [...octets, value].join("."));
  return octets.length === 3
    ? { exact: found, prefixes: [] }
    : { exact: [], prefixes: found.map((prefix) => `${prefix}.`) };
}

/**
 * Returns the client of a request that came from `peer`. Reads X-Forwarded-For from right to left while a
 * trusted proxy wrote the entry. Entries of the client are further left and are never read.
 */
export function clientAddressOf(
  peer: string,
  forwardedFor: string | null,
  trustedProxies: readonly string[],
): string {
  if (forwardedFor === null || trustedProxies.length === 0) return peer;
  const hops = forwardedFor.split(",").map((hop) => hop.trim());
  let client = peer;
  while (hops.length > 0 && isInNetworks(client, trustedProxies)) {
    const parsed = parseAddress(hops.pop() ?? "");
    if (!parsed) break;
    client = parsed.toString();
  }
  return client;
}

/** The keys for the limits of an address: `address` alone, and `network` together with its neighbors. */
export interface AddressGroup {
  /** An IPv4 address, or the /64 of an IPv6 address, because one subscriber has all of its 2^64 addresses. */
  address: string;
  /** The /48 of an IPv6 address, because one subscriber may have all of it; else the same as `address`. */
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

/** Returns true for a loopback address. All clients behind an untrusted proxy on this host share it. */
export function isLoopback(address: string): boolean {
  return isInNetworks(address, ["127.0.0.0/8", "::1/128"]);
}
