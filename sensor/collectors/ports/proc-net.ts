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

/** Returns the listening sockets of a table. Skips invalid lines. */
export function parseSocketTable(text: string, protocol: keyof typeof LISTENING_STATE): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const line of text.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/, 10);
    if (columns[3] !== LISTENING_STATE[protocol]) continue;
    const [addressHex = "", portHex = ""] = columns[1]?.split(":") ?? [];
    const address = parseProcAddress(addressHex);
    const port = Number.parseInt(portHex, 16);
    if (address !== undefined && port > 0 && port <= 65_535)
      sockets.push({ protocol, address, port, inode: parseCount(columns[9]) ?? 0 });
  }
  return sockets;
}

const SCTP_LISTENING = "10";

/** The columns are ENDPT, SOCK, STY, SST, HBKT, LPORT, UID, INODE and all addresses. */
export function parseSctpEndpoints(text: string): ListeningSocket[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, , , state, , portText, , inode, ...addresses] = line.trim().split(/\s+/, 40);
      const port = parseCount(portText) ?? 0;
      if (state !== SCTP_LISTENING || port === 0 || port > 65_535) return [];
      return addresses
        .filter((address) => /^[0-9A-Fa-f.:]{2,45}$/.test(address))
        .map((address) => ({
          protocol: "sctp" as const,
          address: address.toLowerCase(),
          port,
          inode: parseCount(inode) ?? 0,
        }));
    });
}
