// Listening sockets from the kernel's inet_diag, by functions of the C library. Unlike /proc/net, it says
// whether a socket of IPv6 accepts IPv4, and which interface a socket is bound to. Every user may ask. The
// runtime cannot call such functions where it must not make code at run time, as in the systemd unit with
// MemoryDenyWriteExecute=.
import { type DiagnosedSocket, encodeRequest, FAMILY, PROTOCOL, readReply } from "./netlink.ts";

const AF_NETLINK = 16;
const SOCK_RAW_AND_CLOEXEC = 3 | 0x80000;
const NETLINK_SOCK_DIAG = 4;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const TIMEOUT_S = 2;
/** The kernel sends at most 32 KiB at once. */
const REPLY_BYTES = 64 * 1024;
const MAX_REPLIES = 100_000;
const ATTEMPTS = 3;

export type DiagnosedSockets = { [P in keyof typeof PROTOCOL]: DiagnosedSocket[] };

/** Undefined if the kernel or the runtime does not permit it. */
export async function diagnoseListeningSockets(): Promise<DiagnosedSockets | undefined> {
  try {
    const library = await openLibrary();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return askForAll(library);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  } catch {
    return undefined;
  }
}

async function openLibrary() {
  const { dlopen, ptr } = await import("bun:ffi");
  // musl takes this name for its own library, too.
  const { symbols } = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    send: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
    recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  });
  return { ...symbols, ptr };
}

function askForAll(library: Awaited<ReturnType<typeof openLibrary>>): DiagnosedSockets {
  const { ptr } = library;
  const socket = library.socket(AF_NETLINK, SOCK_RAW_AND_CLOEXEC, NETLINK_SOCK_DIAG);
  if (socket < 0) throw new Error("no socket of netlink");
  try {
    const timeout = new BigInt64Array([BigInt(TIMEOUT_S), 0n]);
    library.setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, ptr(timeout), timeout.byteLength);
    const reply = Buffer.alloc(REPLY_BYTES);
    const all: DiagnosedSockets = { tcp: [], udp: [] };
    let sequence = 0;
    for (const protocol of Object.keys(PROTOCOL) as (keyof typeof PROTOCOL)[]) {
      for (const family of Object.keys(FAMILY) as (keyof typeof FAMILY)[]) {
        sequence += 1;
        const request = encodeRequest(family, protocol, sequence);
        if (Number(library.send(socket, ptr(request), request.length, 0)) !== request.length)
          throw new Error("the kernel takes no request");
        for (let isLast = false, replies = 0; !isLast; replies += 1) {
          const length = Number(library.recv(socket, ptr(reply), reply.length, 0));
          if (length <= 0 || replies > MAX_REPLIES) throw new Error("the kernel does not reply");
          isLast = readReply(reply.subarray(0, length), sequence, all[protocol]);
        }
      }
    }
    return all;
  } finally {
    library.close(socket);
  }
}
