// Turns off the optimizing compilers of a runtime: for programs that work for less than a second, they cost a
// third of the CPU and gain nothing. docs/decisions/0032-unoptimized-sensor.md explains why, and why this
// code edits the binary.
import { readFileSync, writeFileSync } from "node:fs";
import { TaskError } from "./terminal.ts";

/** The engine's name of the option for the first of these compilers, without which there is no second one. */
const OPTION = "JSC_useDFGJIT\0";
/** One function sets all options to their defaults, and then reads the environment. */
const FUNCTION_BYTES = 256 * 1024;
const LOAD_STRING = 0xbf;
const STORE_BYTE = "\x88\x05";
/** `mov rax, imm64` and `mov [rip + rel32], rax`: the defaults of eight options at once. */
const STORE_DEFAULTS = /\x48\xb8([\s\S]{8})\x48\x89\x05([\s\S]{4})/g;

/** Changes a runtime for Linux on x64 with glibc in place. Throws TaskError for an unknown one. */
export function disableOptimizers(path: string): void {
  const bytes = readFileSync(path);
  const at = findDefault(bytes);
  if (at === undefined || bytes[at] !== 1)
    throw new TaskError(`Cannot turn off the optimizing compilers of ${path}: it is another version of Bun`);
  bytes[at] = 0;
  writeFileSync(path, bytes, { mode: 0o755 });
}

/**
 * The offset of the byte with the default. The code that reads the option's variable names its address: it
 * loads the name, calls getenv, and stores a byte.
 */
function findDefault(bytes: Buffer): number | undefined {
  const { addressOf } = segmentsOf(bytes);
  const nameAt = bytes.indexOf(OPTION, 0, "latin1");
  const loadName = Buffer.alloc(5, LOAD_STRING);
  loadName.writeUInt32LE(addressOf(nameAt) ?? 0, 1);
  const loadAt = bytes.indexOf(loadName);
  if (nameAt < 0 || loadAt < 0) return undefined;
  const storeAt = bytes.indexOf(STORE_BYTE, loadAt, "latin1");
  const option = targetOf(bytes, storeAt + STORE_BYTE.length, addressOf);
  const start = Math.max(0, loadAt - FUNCTION_BYTES);
  const found = [...bytes.toString("latin1", start, loadAt).matchAll(STORE_DEFAULTS)].flatMap(({ index }) => {
    const target = targetOf(bytes, start + index + 13, addressOf);
    const nth = option - target;
    return nth >= 0 && nth < 8 ? start + index + 2 + nth : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

/** The address that the last four bytes of an instruction give, from its end on. */
function targetOf(bytes: Buffer, at: number, addressOf: (offset: number) => number | undefined): number {
  return (addressOf(at) ?? Number.NaN) + 4 + bytes.readInt32LE(at);
}

const LOADED = 1;

/** The addresses of the file's bytes in memory, from the program headers of elf(5). */
function segmentsOf(bytes: Buffer) {
  const [headersAt, size, count] = [
    Number(bytes.readBigUInt64LE(32)),
    bytes.readUInt16LE(54),
    bytes.readUInt16LE(56),
  ];
  const segments = Array.from({ length: count }, (_, nth) => headersAt + nth * size)
    .filter((at) => bytes.readUInt32LE(at) === LOADED)
    .map((at) => ({
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      bytes: Number(bytes.readBigUInt64LE(at + 32)),
    }));
  return {
    addressOf(offset: number): number | undefined {
      const segment = segments.find((each) => offset >= each.offset && offset < each.offset + each.bytes);
      return segment && segment.address + offset - segment.offset;
    },
  };
}
