// Tables of sockets as GetExtendedTcpTable and GetExtendedUdpTable return them (iprtrmib.h): a number of
// rows, then the rows. Ports are in network order, in the first half of 32 bits.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { formatIpv6 } from "../ip-address.ts";

export type SocketTable = "tcp4" | "tcp6" | "udp4" | "udp6";

export interface Socket {
  protocol: "tcp" | "udp";
  address: string;
  port: number;
  pid: number;
}

export interface SocketProcess {
  name: string;
  executable?: string | undefined;
  user?: string | undefined;
}

type Port = Item<"ports">;

/** Offsets in a row, and its length. Only sockets in the state `listen` are listening. */
const ROWS = {
  tcp4: { bytes: 24, state: 0, address: 4, port: 8, pid: 20 },
  tcp6: { bytes: 56, state: 48, address: 0, port: 20, pid: 52 },
  udp4: { bytes: 12, state: undefined, address: 0, port: 4, pid: 8 },
  udp6: { bytes: 28, state: undefined, address: 0, port: 20, pid: 24 },
} as const;
const LISTEN = 2;
/** System Idle Process: the socket's process has ended. */
const NO_PROCESS = 0;

export function parseSocketTable(table: SocketTable, bytes: Buffer): Socket[] {
  if (bytes.length < 4) return [];
  const layout = ROWS[table];
  const count = Math.min(bytes.readUInt32LE(0), Math.floor((bytes.length - 4) / layout.bytes));
  return Array.from({ length: count }, (_, index) => {
    const row = bytes.subarray(4 + index * layout.bytes, 4 + (index + 1) * layout.bytes);
    const isVersion6 = table.endsWith("6");
    const address = [...row.subarray(layout.address, layout.address + (isVersion6 ? 16 : 4))];
    return {
      isListening: layout.state === undefined || row.readUInt32LE(layout.state) === LISTEN,
      protocol: table.startsWith("tcp") ? ("tcp" as const) : ("udp" as const),
      address: isVersion6 ? formatIpv6(address) : address.join("."),
      port: row.readUInt16BE(layout.port),
      pid: row.readUInt32LE(layout.pid),
    };
  }).flatMap(({ isListening, ...socket }) => (isListening && socket.port > 0 ? socket : []));
}

/** One item for each address and port. `findProcess` is asked once for each process. */
export function portItems(
  sockets: readonly Socket[],
  findProcess: (pid: number) => SocketProcess | undefined,
): Port[] {
  const ports = new Map<string, Port>();
  const processes = new Map<number, SocketProcess | undefined>();
  for (const { protocol, address, port, pid } of sockets) {
    const isVersion6 = address.includes(":");
    const key = `${protocol}/${isVersion6 ? `[${address}]` : address}:${port}`;
    const item = ports.get(key) ?? { key, protocol, address, port, processes: [] };
    ports.set(key, item);
    if (pid === NO_PROCESS || item.processes.some((known) => known.pid === pid)) continue;
    if (!processes.has(pid)) processes.set(pid, findProcess(pid));
    const found = processes.get(pid);
    // A process that ends meanwhile has no name any more.
    if (found)
      item.processes.push({
        pid,
        name: factText(found.name, 250),
        executable: optionalFact(found.executable, 1_000),
        user: optionalFact(found.user, 250),
      });
  }
  for (const { processes: all } of ports.values()) all.sort((one, other) => one.pid - other.pid);
  return [...ports.values()];
}
