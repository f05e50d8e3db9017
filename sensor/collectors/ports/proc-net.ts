// The socket tables of the kernel: /proc/net/tcp, tcp6, udp and udp6 (proc_net_tcp(5)).
import { parseCount } from "../collector.ts";
import { parseProcAddress } from "../ip-address.ts";

export interface ListeningSocket {
  protocol: "tcp" | "udp";
  address: string;
  port: number;
  /** Names the socket among all processes' open files. */
  inode: number;
}

/**
 * States of include/net/tcp_states.h that mean: waiting for whoever comes. UDP has no LISTEN; unconnected is
 * CLOSE.
 */
const LISTENING_STATE = { tcp: "0A", udp: "07" } as const;

/** The sockets of a table that listen. Lines that are not understood are left out. */
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
