// The sockets of the running system, by iphlpapi.
import { openLibrary } from "../../windows-library.ts";
import { parseSocketTable, type Socket, type SocketTable } from "./sockets.ts";

const iphlpapi = openLibrary("iphlpapi.dll", {
  GetExtendedTcpTable: { args: ["ptr", "ptr", "i32", "u32", "u32", "u32"], returns: "u32" },
  GetExtendedUdpTable: { args: ["ptr", "ptr", "i32", "u32", "u32", "u32"], returns: "u32" },
});

const FAMILIES = { "4": 2, "6": 23 } as const;
/** Rows with the id of the process: of TCP those that listen, of UDP all. */
const TCP_LISTENER_OWNER_PID = 3;
const UDP_OWNER_PID = 1;
const INSUFFICIENT_BUFFER = 122;
const MAX_BYTES = 64 * 1024 * 1024;

/** Throws if Windows does not return the table. */
export function readSockets(): Socket[] {
  return (["tcp4", "tcp6", "udp4", "udp6"] as const).flatMap((table) =>
    parseSocketTable(table, readTable(table)),
  );
}

function readTable(table: SocketTable): Buffer {
  const api = iphlpapi();
  const family = FAMILIES[table.slice(3) as "4" | "6"];
  const size = new Uint32Array([64 * 1024]);
  const call = (buffer: Buffer) =>
    table.startsWith("tcp")
      ? api.GetExtendedTcpTable(buffer, size, 0, family, TCP_LISTENER_OWNER_PID, 0)
      : api.GetExtendedUdpTable(buffer, size, 0, family, UDP_OWNER_PID, 0);
  // The table may grow between two calls.
  for (let tries = 0; tries < 5; tries += 1) {
    const buffer = Buffer.alloc(size[0]!);
    const result = call(buffer);
    if (result === 0) return buffer;
    if (result !== INSUFFICIENT_BUFFER || size[0]! > MAX_BYTES)
      throw new Error(`Windows does not return the table ${table}: error ${result}`);
    size[0] = Math.ceil(size[0]! * 1.2);
  }
  throw new Error(`the table ${table} grows faster than it can be read`);
}
