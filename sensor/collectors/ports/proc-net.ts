// The socket tables of the kernel: /proc/net/tcp, tcp6, udp and udp6 (proc_net_tcp(5)).
import { parseCount } from "../collector.ts";
import { parseProcAddress } from "../ip-address.ts";

export interface ListeningSocket {
  protocol: "tcp" | "udp";
  address: string;
  port: number;
  /** Identifies the socket among the open files of all processes. */
  inode: number;
}

/**
 * The states of listening sockets (include/net/tcp_states.h). UDP has no LISTEN; an unconnected socket is in
 * CLOSE.
 */
const LISTENING_STATE = { tcp: "0A", udp: "07" } as const;

/** Returns the listening sockets of a table. Skips invalid lines. */
export function parseSocketTable(text: string, protocol: "tcp" | "udp"): ListeningSocket[] {
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
