// Messages of D-Bus (dbus.freedesktop.org/doc/dbus-specification.html), as far as a call without arguments
// and its reply need them. Numbers are little-endian, as on every platform of the sensor.

/** D-Bus aligns each value to a multiple of its size, and structures to 8 bytes. */
const aligned = (at: number, to: number) => Math.ceil(at / to) * to;

const FIELD = { path: 1, interface: 2, member: 3, replySerial: 5, destination: 6 };
const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const NO_AUTO_START = 2;
/** Larger messages are invalid. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

export interface BusCall {
  serial: number;
  destination: string;
  path: string;
  interface: string;
  member: string;
}

export function encodeCall({ serial, ...call }: BusCall): Uint8Array {
  const fields: number[] = [];
  for (const [name, type] of [
    ["path", "o"],
    ["interface", "s"],
    ["member", "s"],
    ["destination", "s"],
  ] as const) {
    while (fields.length % 8 !== 0) fields.push(0);
    const text = Buffer.from(call[name]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    fields.push(FIELD[name], 1, type.charCodeAt(0), 0, ...length, ...text, 0);
  }
  const message = Buffer.alloc(aligned(16 + fields.length, 8));
  message.set(["l".charCodeAt(0), METHOD_CALL, NO_AUTO_START, 1]);
  message.writeUInt32LE(0, 4);
  message.writeUInt32LE(serial, 8);
  message.writeUInt32LE(fields.length, 12);
  message.set(fields, 16);
  return message;
}

export interface BusMessage {
  /** Bytes of the whole message. */
  length: number;
  /** The serial of the call that it replies to; undefined for a signal. */
  replyTo: number | undefined;
  isError: boolean;
  body: Buffer;
}

/** Undefined: the bytes do not contain the whole message yet. Throws if they are no message. */
export function decodeMessage(bytes: Buffer): BusMessage | undefined {
  if (bytes.length < 16) return undefined;
  if (bytes[0] !== "l".charCodeAt(0) || bytes[3] !== 1) throw new Error("not a message of D-Bus");
  const fieldsEnd = 16 + bytes.readUInt32LE(12);
  const start = aligned(fieldsEnd, 8);
  const length = start + bytes.readUInt32LE(4);
  if (length > MAX_MESSAGE_BYTES) throw new Error("the message of D-Bus is too large");
  if (bytes.length < length) return undefined;
  const type = bytes[1];
  const replyTo = findReplySerial(bytes.subarray(0, fieldsEnd));
  return { length, replyTo, isError: type !== METHOD_RETURN, body: bytes.subarray(start, length) };
}

/** The fields are a list of a code and a variant, whose type is a string, a signature or a number. */
function findReplySerial(header: Buffer): number | undefined {
  let at = 16;
  while (at + 4 <= header.length) {
    at = aligned(at, 8);
    const code = header[at];
    const type = String.fromCharCode(header[at + 2] ?? 0);
    at += 4;
    if (type === "g") at += (header[at] ?? 0) + 2;
    else if (at + 4 > header.length) return undefined;
    else {
      const number = header.readUInt32LE(at);
      if (type === "u" && code === FIELD.replySerial) return number;
      at += type === "u" ? 4 : number + 5;
    }
  }
  return undefined;
}

/** Reads a body of the type `a(…)`, whose structures have strings (s), object paths (o) and numbers (u). */
export function decodeStructures(body: Buffer, signature: string): string[][] {
  const structures: string[][] = [];
  const end = 4 + padding(body) + body.readUInt32LE(0);
  if (end > body.length) throw new Error("the list of D-Bus is cut");
  for (let at = 8; at < end; ) {
    at = aligned(at, 8);
    const fields: string[] = [];
    for (const type of signature) {
      at = aligned(at, 4);
      const number = body.readUInt32LE(at);
      at += 4;
      if (type === "u") {
        fields.push(String(number));
        continue;
      }
      if (at + number >= end) throw new Error("a text of D-Bus is cut");
      fields.push(body.toString("utf8", at, at + number));
      at += number + 1;
    }
    structures.push(fields);
  }
  return structures;
}

/** Between the length of a list and its first structure. */
function padding(body: Buffer): number {
  return body.length > 4 ? 4 : 0;
}
