// Converts IP addresses from the hexadecimal form in /proc/net to the usual text; IPv6 as in RFC 5952.

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
