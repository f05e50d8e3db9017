// Calls functions of Windows. Only with plain values and buffers of ours: Windows never calls back. Libraries
// are loaded when they are first needed, so that a missing one costs only the facts that need it.
import { dlopen, type FFIFunction, type Pointer, toArrayBuffer } from "bun:ffi";

const MAX_WIDE_CHARS = 32_768;

/** Throws if Windows does not have the library or one of the functions. */
export function openLibrary<const F extends Record<string, FFIFunction>>(name: string, functions: F) {
  let symbols: ReturnType<typeof dlopen<F>>["symbols"] | undefined;
  return () => {
    symbols ??= dlopen(name, functions).symbols;
    return symbols;
  };
}

/** UTF-16 with a NUL at the end, as functions whose name ends in W take it. */
export function wideText(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf16le");
}

/** The text before the first NUL. An odd last byte is ignored. */
export function parseWideText(bytes: Uint8Array): string {
  const even = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~1);
  const text = even.toString("utf16le");
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** Copies memory of Windows. */
export function copyMemory(address: bigint | number, length: number): Buffer {
  if (length <= 0) return Buffer.alloc(0);
  return Buffer.from(new Uint8Array(toArrayBuffer(Number(address) as Pointer, 0, length)));
}

/** The text at an address, up to its NUL; undefined for a null pointer. */
export function copyWideText(address: bigint | number, maxChars = MAX_WIDE_CHARS): string | undefined {
  if (Number(address) === 0) return undefined;
  const chars: number[] = [];
  // One page at a time: memory after the NUL may not be readable.
  for (let at = Number(address); chars.length < maxChars; ) {
    const length = Math.max(2, (0x1000 - (at % 0x1000)) & ~1);
    const page = copyMemory(at, length);
    for (let offset = 0; offset + 1 < page.length; offset += 2) {
      const char = page.readUInt16LE(offset);
      if (char === 0) return String.fromCharCode(...chars);
      chars.push(char);
      if (chars.length === maxChars) break;
    }
    at += length;
  }
  return chars.map((char) => String.fromCharCode(char)).join("");
}
