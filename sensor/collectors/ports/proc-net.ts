// The socket tables of the kernel in /proc/net: tcp, udp, udplite and dccp (proc_net_tcp(5)), each also for
// IPv6, and the endpoints of sctp.
import { parseCount } from "../collector.ts";
import { parseProcAddress } from "../ip-address.ts";

export type Protocol = "tcp" | "udp" | "udplite" | "sctp" | "dccp";

export interface ListeningSocket {
  protocol: Protocol;
  address: string;
  port: number;
  /** Identifies the socket among the open files of all processes. */
  inode: number;
  /** Of `::`: it does not accept IPv4. Undefined: unknown. */
  ipv6Only?: boolean | undefined;
  /** The only network interface that it accepts. */
  device?: string | undefined;
}

/**
 * The states of listening sockets (include/net/tcp_states.h). UDP has no LISTEN; an unconnected socket is in
 * CLOSE.
 */
const LISTENING_STATE = { tcp: "0A", udp: "07", udplite: "07", dccp: "0A" } as const;

/** Slot number, local address and port, remote ones, and the state. Of a busy host, few lines match. */
const LISTENING_LINE = {
  "0A": /^ *\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) [0-9A-F]{8,32}:[0-9A-F]{4} 0A (.*)/,
  "07": /^ *\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) [0-9A-F]{8,32}:[0-9A-F]{4} 07 (.*)/,
} as const;

/** Yields the listening sockets of the lines of a table. Skips invalid lines, and the heading. */
export function* parseSocketTable(
  lines: Iterable<string>,
  protocol: keyof typeof LISTENING_STATE,
): Generator<ListeningSocket> {
  const pattern = LISTENING_LINE[LISTENING_STATE[protocol]];
  for (const line of lines) {
    const [, addressHex = "", portHex = "", rest = ""] = pattern.exec(line) ?? [];
    const port = Number.parseInt(portHex, 16);
    const address = port > 0 ? parseProcAddress(addressHex) : undefined;
    // After the state: two queues, two timers, retransmissions, uid, timeout.
    if (address !== undefined) yield { protocol, address, port, inode: parseCount(columnOf(rest, 5)) ?? 0 };
  }
}

/** Columns are separated by one or more spaces. */
function columnOf(text: string, wanted: number): string | undefined {
  let start = 0;
  for (let column = 0; start < text.length; column += 1) {
    while (text[start] === " ") start += 1;
    const end = text.indexOf(" ", start);
    if (column === wanted) return text.slice(start, end < 0 ? undefined : end);
    if (end < 0) return undefined;
    start = end;
  }
  return undefined;
}

const SCTP_LISTENING = "10";

/** The columns are ENDPT, SOCK, STY, SST, HBKT, LPORT, UID, INODE and all addresses. */
export function* parseSctpEndpoints(lines: Iterable<string>): Generator<ListeningSocket> {
  for (const line of lines) {
    const [, , , state, , portText, , inode, ...addresses] = line.trim().split(/\s+/, 40);
    const port = parseCount(portText) ?? 0;
    if (state !== SCTP_LISTENING || port === 0 || port > 65_535) continue;
    for (const address of addresses)
      if (/^[0-9A-Fa-f.:]{2,45}$/.test(address))
        yield { protocol: "sctp", address: address.toLowerCase(), port, inode: parseCount(inode) ?? 0 };
  }
}
