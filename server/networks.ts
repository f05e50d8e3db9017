// Networks in CIDR notation (RFC 4632, RFC 4291), and the client of a request that passed through proxies.
import ipaddr from "ipaddr.js";
import { setBounded } from "./bounded-map.ts";

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

/** So many addresses are kept with their keys. */
const MAX_KEYS = 10_000;
const keys = new Map<string, string>();

/**
 * Returns a text that sorts like the addresses: `4:0a000007` for 10.0.0.7, and 32 digits for IPv6, after all
 * of IPv4. So the addresses of a network are one range. A text that is no address is its own key.
 */
export function addressKey(text: string): string {
  const known = keys.get(text);
  if (known !== undefined) return known;
  const address = parseAddress(text.replace(/%.*$/, ""));
  const key = address ? keyOf(address.kind(), Buffer.from(address.toByteArray())) : text;
  setBounded(keys, text, key, MAX_KEYS);
  return key;
}

const keyOf = (kind: "ipv4" | "ipv6", bytes: Buffer) =>
  `${kind === "ipv4" ? "4" : "6"}:${bytes.toString("hex")}`;

/** Returns the address of a key. */
export function addressOfKey(key: string): string {
  if (!/^(?:4:[0-9a-f]{8}|6:[0-9a-f]{32})$/.test(key)) return key;
  if (key.startsWith("4")) {
    const address = Number.parseInt(key.slice(2), 16);
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }
  return ipaddr.fromByteArray([...Buffer.from(key.slice(2), "hex")]).toString();
}

/** Returns the first and the last key of a network or of one address; undefined: the text is neither. */
export function addressRange(text: string): { first: string; last: string } | undefined {
  const network = parseNetwork(text);
  if (network === undefined) return undefined;
  let [base, bits] = ipaddr.parseCIDR(network);
  if (base.kind() === "ipv6" && bits >= MAPPED_BITS && (base as ipaddr.IPv6).isIPv4MappedAddress())
    [base, bits] = [(base as ipaddr.IPv6).toIPv4Address(), bits - MAPPED_BITS];
  const bytes = Buffer.from(base.toByteArray());
  const last = bytes.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * index))));
  return { first: keyOf(base.kind(), bytes), last: keyOf(base.kind(), Buffer.from(last)) };
}

/** Of ::ffff:0:0/96, the IPv4-mapped addresses. */
const MAPPED_BITS = 96;

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
