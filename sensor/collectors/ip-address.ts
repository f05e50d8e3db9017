// IP addresses as text: converts them from the hexadecimal form in /proc/net, and tells the versions apart;
// IPv6 as in RFC 5952.

/**
 * `0100007F` → `127.0.0.1`; undefined if it is not an address. The kernel prints 32-bit words in the host's
 * (little-endian) order.
 */
export function parseProcAddress(hex: string): string | undefined {
  if (!/^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})$/.test(hex)) return undefined;
  if (hex.length === 8) {
    const word = Number.parseInt(hex, 16);
    return `${word & 0xff}.${(word >>> 8) & 0xff}.${(word >>> 16) & 0xff}.${word >>> 24}`;
  }
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let at = word + 6; at >= word; at -= 2) bytes.push(Number.parseInt(hex.slice(at, at + 2), 16));
  }
  return formatIpv6(bytes);
}

/**
 * Formats sixteen bytes according to RFC 5952. Addresses that embed IPv4 end in its notation:
 * `::ffff:192.0.2.1` (section 5).
 */
export function formatIpv6(bytes: readonly number[]): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.map(hex).join(":");
  return `${groups.slice(0, zeros.start).map(hex).join(":")}::${groups
    .slice(zeros.start + zeros.length)
    .map(hex)
    .join(":")}`;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * 0 if the text is no address. Like isIP of node:net, whose module takes as long to load as the collectors
 * of several categories.
 */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (IPV4.test(text)) return 4;
  return text.includes(":") && isIpv6(text) ? 6 : 0;
}

/** At most eight groups of 16 bits, of which `::` stands for one or more; the last two may be an IPv4. */
function isIpv6(text: string): boolean {
  const [address = "", ...zone] = text.split("%");
  if (zone.length > 0 && !/^[\da-z.:-]+$/i.test(zone.join("%"))) return false;
  const [left = "", right, more] = address.split("::");
  if (more !== undefined) return false;
  const groups = [left, right].flatMap((part) => (part ? part.split(":") : []));
  const last = groups.at(-1) ?? "";
  const hasIpv4 = last.includes(".") && address.endsWith(last);
  if (hasIpv4 && !IPV4.test(last)) return false;
  const rest = hasIpv4 ? groups.slice(0, -1) : groups;
  const count = groups.length + (hasIpv4 ? 1 : 0);
  return (
    rest.every((group) => /^[\da-f]{1,4}$/i.test(group)) && (right === undefined ? count === 8 : count < 8)
  );
}

/** The longest run of zero groups; the first one of several. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at += 1) {
    if (groups[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
}

function hex(group: number): string {
  return group.toString(16);
}
