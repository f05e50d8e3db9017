// Messages of inet_diag (sock_diag(7)): the request for listening sockets of a family and protocol, and the
// replies. Numbers have the byte order of the host, little-endian, except for ports and addresses.
import { formatIpv6 } from "../ip-address.ts";

export interface DiagnosedSocket {
  address: string;
  port: number;
  inode: number;
  /** Index of the only interface that it accepts; 0: any. */
  interfaceIndex: number;
  ipv6Only?: boolean;
}

export const FAMILY = { ipv4: 2, ipv6: 10 } as const;
/**
 * The number of the protocol, and the state of a listening socket. UDP has no LISTEN; an unconnected socket
 * is in CLOSE.
 */
export const PROTOCOL = { tcp: { number: 6, state: 10 }, udp: { number: 17, state: 7 } } as const;

const SOCK_DIAG_BY_FAMILY = 20;
const REQUEST_AND_DUMP = 0x301;
const HEADER_BYTES = 16;
const REQUEST_BYTES = 56;
const SOCKET_BYTES = 72;
const ERROR = 2;
const DONE = 3;
/** The list changed while the kernel wrote it. */
const DUMP_INTERRUPTED = 0x10;
const SKV6ONLY = 11;

export function encodeRequest(
  family: keyof typeof FAMILY,
  protocol: keyof typeof PROTOCOL,
  sequence: number,
): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + REQUEST_BYTES);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  message.writeUInt16LE(REQUEST_AND_DUMP, 6);
  message.writeUInt32LE(sequence, 8);
  message[HEADER_BYTES] = FAMILY[family];
  message[HEADER_BYTES + 1] = PROTOCOL[protocol].number;
  message.writeUInt32LE(1 << PROTOCOL[protocol].state, HEADER_BYTES + 4);
  return message;
}

/** Adds the sockets of one reply. Returns whether it was the last one. Throws if the kernel refuses. */
export function readReply(bytes: Buffer, sequence: number, sockets: DiagnosedSocket[]): boolean {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > bytes.length)
      throw new Error("the reply of the kernel is cut");
    const type = bytes.readUInt16LE(at + 4);
    if (bytes.readUInt32LE(at + 8) === sequence) {
      if ((bytes.readUInt16LE(at + 6) & DUMP_INTERRUPTED) !== 0)
        throw new Error("the list changed meanwhile");
      if (type === DONE) return true;
      if (type === ERROR) throw new Error("the kernel refuses the list");
      if (type === SOCK_DIAG_BY_FAMILY && length >= HEADER_BYTES + SOCKET_BYTES)
        sockets.push(readSocket(bytes.subarray(at + HEADER_BYTES, at + length)));
    }
    at += (length + 3) & ~3;
  }
  return false;
}

function readSocket(bytes: Buffer): DiagnosedSocket {
  const address = bytes.subarray(8, 24);
  return {
    address: bytes[0] === FAMILY.ipv6 ? formatIpv6([...address]) : address.subarray(0, 4).join("."),
    port: bytes.readUInt16BE(4),
    interfaceIndex: bytes.readUInt32LE(40),
    inode: bytes.readUInt32LE(68),
    ipv6Only: findIpv6Only(bytes),
  };
}

/** The kernel adds it for listening sockets of IPv6. */
function findIpv6Only(bytes: Buffer): boolean | undefined {
  for (let at = SOCKET_BYTES; at + 4 < bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) return undefined;
    if (bytes.readUInt16LE(at + 2) === SKV6ONLY) return bytes[at + 4] === 1;
    at += (length + 3) & ~3;
  }
  return undefined;
}
