// Where and under which name a token lets sensors enroll: networks in CIDR notation and hostname patterns.
import ipaddr from "ipaddr.js";

/** A network in its shortest text, or undefined: `10.1.2.3/16` → `10.1.0.0/16`, `10.1.2.3` → `10.1.2.3/32`. */
export function parseNetwork(text: string): string | undefined {
  try {
    if (!text.includes("/")) {
      const address = parseAddress(text);
      return address && `${address}/${address.kind() === "ipv4" ? 32 : 128}`;
    }
    const [address, bits] = ipaddr.parseCIDR(text);
    if (address.kind() === "ipv4" && !ipaddr.IPv4.isValidFourPartDecimal(text.split("/")[0]!))
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

/** Whether a hostname fits a pattern in lower case: * any characters, ? one. Linear in both lengths, but for one factor. */
export function matchesPattern(hostname: string, pattern: string): boolean {
  const name = hostname.toLowerCase();
  let at = 0;
  let from = 0;
  let star = -1;
  let retry = 0;
  while (at < name.length) {
    if (
      from < pattern.length &&
      (pattern[from] === "?" || pattern[from] === name[at]) &&
      pattern[from] !== "*"
    ) {
      at++;
      from++;
    } else if (pattern[from] === "*") {
      star = from++;
      retry = at;
    } else if (star >= 0) {
      from = star + 1;
      at = ++retry;
    } else return false;
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
