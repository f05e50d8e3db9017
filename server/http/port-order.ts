// Linux chooses among the listeners of a shared port by a hash of the connection, or by a filter of the
// listeners (socket(7), SO_ATTACH_REUSEPORT_CBPF). The kernel keeps them in an array: a new listener joins at
// its end, and the last one takes the place of one that leaves. If the filter returns an index beyond the
// end, the kernel chooses by hash again.

import { dlopen, ptr } from "bun:ffi";
import { readdirSync } from "node:fs";

const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const SO_REUSEPORT = 15;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** The place of `tcpi_unacked` in struct tcp_info, in words. Of a listener, it counts waiting connections. */
const UNACKED_AT = 6;
const SO_ATTACH_FILTER = 26;
const SO_ATTACH_REUSEPORT_CBPF = 51;

// Instructions of classic BPF: linux/bpf_common.h, linux/filter.h.
const LOAD_ABSOLUTE = 0x20;
const LOAD_BYTE = 0x30;
const AND = 0x54;
const XOR = 0xa4;
const NEGATE = 0x84;
const MODULO = 0x94;
const ADD = 0x04;
const RETURN_ACCUMULATOR = 0x16;
const RETURN_CONSTANT = 0x06;
const RANDOM = 0xfffff000 + 56;

type Instruction = [code: number, operand: number];

/** The flags of a TCP header, and the first segment of a connection among them (RFC 9293, section 3.1). */
const [FLAGS_AT, ACK_AND_SYN, SYN] = [13, 0x12, 0x02];

/** Drops only the first segment of a connection: it returns how many bytes to keep. */
const NO_NEW_CONNECTIONS: Instruction[] = [
  [LOAD_BYTE, FLAGS_AT],
  [AND, ACK_AND_SYN],
  [XOR, SYN],
  [NEGATE, 0],
  [RETURN_ACCUMULATOR, 0],
];

const HASHED: Instruction[] = [[RETURN_CONSTANT, 0xffffffff]];

interface System {
  getsockopt(fd: number, level: number, name: number, value: Uint32Array, size: Uint32Array): number;
  setsockopt(fd: number, level: number, name: number, value: DataView, sizeBytes: number): number;
}

/** The listeners of a port that get new connections. */
export interface Chosen {
  /** The index of the first one. */
  first: number;
  /** A connection goes to one of so many, at random. */
  count: number;
}

/**
 * Directs new connections to the chosen listeners of the port of a listener; undefined: to all of them.
 * Returns false if the system cannot do this.
 */
export function directConnections(listenerFd: number, chosen: Chosen | undefined): boolean {
  return attach(listenerFd, SO_ATTACH_REUSEPORT_CBPF, chosen ? filterOf(chosen) : HASHED);
}

/** Lets other listeners of this user join the listener's port. Returns false if the system cannot do this. */
export function sharePort(listenerFd: number): boolean {
  const one = new DataView(new Int32Array([1]).buffer);
  return (
    withSystem((system) => system.setsockopt(listenerFd, SOL_SOCKET, SO_REUSEPORT, one, 4) === 0) ?? false
  );
}

/**
 * Lets the kernel ignore attempts to connect to a listener. The clients try again after a second, and reach
 * the server that listens then. Returns false if the system cannot do this, or permits it only with
 * CAP_NET_ADMIN, as Linux 6.18 does.
 */
export function ignoreNewConnections(listenerFd: number): boolean {
  return attach(listenerFd, SO_ATTACH_FILTER, NO_NEW_CONNECTIONS);
}

function attach(listenerFd: number, option: number, instructions: Instruction[]): boolean {
  return (
    withSystem((system) => {
      // struct sock_filter { u16 code; u8 jt, jf; u32 k; }
      const filter = new DataView(new ArrayBuffer(instructions.length * 8));
      for (const [index, [code, operand]] of instructions.entries()) {
        filter.setUint16(index * 8, code, true);
        filter.setUint32(index * 8 + 4, operand, true);
      }
      // struct sock_fprog { u16 len; struct sock_filter *filter; }
      const program = new DataView(new ArrayBuffer(16));
      program.setUint16(0, instructions.length, true);
      program.setBigUint64(8, BigInt(ptr(filter)), true);
      return system.setsockopt(listenerFd, SOL_SOCKET, option, program, program.byteLength) === 0;
    }) ?? false
  );
}

function filterOf({ first, count }: Chosen): Instruction[] {
  if (count === 1) return [[RETURN_CONSTANT, first]];
  return [
    [LOAD_ABSOLUTE, RANDOM],
    [MODULO, count],
    [ADD, first],
    [RETURN_ACCUMULATOR, 0],
  ];
}

/** Returns true if clients have connected that the program has not accepted yet. */
export function hasWaitingConnections(listenerFd: number): boolean {
  return (
    withSystem((system) => {
      const info = new Uint32Array(UNACKED_AT + 1);
      const size = new Uint32Array([info.byteLength]);
      return system.getsockopt(listenerFd, IPPROTO_TCP, TCP_INFO, info, size) === 0 && info[UNACKED_AT]! > 0;
    }) ?? false
  );
}

/**
 * Runs `open`, which opens one listener, and returns its file descriptor too, which Bun does not show;
 * undefined: the system does not show it either.
 */
export function withDescriptor<T>(open: () => T): { opened: T; fd: number | undefined } {
  const before = new Set(listeningDescriptors());
  const opened = open();
  return { opened, fd: listeningDescriptors().find((fd) => !before.has(fd)) };
}

/** The listening sockets of this process. */
function listeningDescriptors(): number[] {
  return (
    withSystem((system) =>
      readdirSync("/proc/self/fd")
        .map(Number)
        .filter((fd) => {
          const value = new Uint32Array(1);
          const size = new Uint32Array([4]);
          return system.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, value, size) === 0 && value[0] === 1;
        }),
    ) ?? []
  );
}

/** Returns undefined with another system or C library, or in a sandbox. */
function withSystem<T>(work: (system: System) => T): T | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const { symbols, close } = dlopen("libc.so.6", {
      getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
      setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    });
    try {
      return work(symbols as unknown as System);
    } finally {
      close();
    }
  } catch {
    return undefined;
  }
}
