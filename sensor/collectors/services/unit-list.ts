// The units that systemd has in memory, with their states: its reply to ListUnits
// (org.freedesktop.systemd1(5)). No file says that a service failed. The sensor asks once per inventory, for
// a short time, and starts nothing by it.
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type { HostFiles } from "../host-files.ts";
import { decodeMessage, decodeStructures, encodeCall } from "./bus-message.ts";

export interface ListedUnit {
  name: string;
  description: string;
  /** E.g. `loaded`, `not-found`, `masked`. */
  load: string;
  /** E.g. `active`, `inactive`, `failed`, `activating`. */
  active: string;
  /** The state of its type, e.g. `running`, `exited`, `listening`, `auto-restart`. */
  sub: string;
}

/** For root only, without a bus; then the system bus, which every user may ask. */
const SOCKETS = ["/run/systemd/private", "/run/dbus/system_bus_socket"];
const TIMEOUT_MS = 3_000;
const MAX_REPLY_BYTES = 8 * 1024 * 1024;

/** Undefined, with a gap, if systemd does not reply. */
export async function listUnits(files: HostFiles): Promise<ListedUnit[] | undefined> {
  let reason = "systemd has no socket";
  for (const socket of SOCKETS) {
    try {
      return await askForUnits(join(files.root, socket));
    } catch (error) {
      const code = errnoCode(error);
      if (code === "ENOENT" || code === "EACCES") continue;
      reason = (error as Error).message + (code === undefined ? "" : ` (${code})`);
    }
  }
  files.noteGap({
    kind: "unreadable",
    subject: "failed services",
    reason: `systemd did not reply: ${reason}`,
  });
  return undefined;
}

const LIST_UNITS = {
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
  member: "ListUnits",
};
/** A bus requires it of each new connection. systemd itself ignores it. */
const HELLO = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member: "Hello",
};

/** Rejects if there is no reply in time. */
export async function askForUnits(socketPath: string, timeoutMs = TIMEOUT_MS): Promise<ListedUnit[]> {
  const isBus = socketPath.endsWith("system_bus_socket");
  const { promise, resolve, reject } = Promise.withResolvers<ListedUnit[]>();
  const timer = setTimeout(() => reject(new Error("no reply in time")), timeoutMs);
  const readUnits = replyReader();
  // Not with node:net, which takes longer to load than the collector.
  const connection = Bun.connect({
    unix: socketPath,
    socket: {
      open(socket) {
        const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
        socket.write(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`);
        if (isBus) socket.write(encodeCall({ serial: 1, ...HELLO }));
        socket.write(encodeCall({ serial: 2, ...LIST_UNITS }));
      },
      data(_, chunk) {
        try {
          const units = readUnits(chunk);
          if (units) resolve(units);
        } catch (error) {
          reject(error);
        }
      },
      error: (_, error) => reject(error),
      close: () => reject(new Error("the connection was closed")),
    },
  });
  connection.catch(reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    connection.then((socket) => socket.terminate()).catch(() => {});
  }
}

/** Takes the parts of the replies, and returns the units when they are complete. Throws if it is refused. */
function replyReader(): (chunk: Uint8Array) => ListedUnit[] | undefined {
  let received: Buffer = Buffer.alloc(0);
  let isAccepted = false;
  return (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > MAX_REPLY_BYTES) throw new Error("the reply is too large");
    if (!isAccepted) {
      const line = received.indexOf("\r\n");
      if (line < 0) return undefined;
      if (!received.toString("latin1", 0, line).startsWith("OK ")) throw new Error("not permitted");
      isAccepted = true;
      received = received.subarray(line + 2);
    }
    for (let message = decodeMessage(received); message; message = decodeMessage(received)) {
      received = received.subarray(message.length);
      if (message.replyTo !== 2) continue;
      if (message.isError) throw new Error("the call was refused");
      return decodeStructures(message.body, "ssssssouso").map(toUnit);
    }
    return undefined;
  };
}

function toUnit([name = "", description = "", load = "", active = "", sub = ""]: string[]): ListedUnit {
  return { name, description, load, active, sub };
}
