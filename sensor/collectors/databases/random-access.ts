// Reads parts of large files: databases of rpm, programs and jars. A hostile file may be sparse, claim any
// length and refer to the same part again and again, so what it makes the sensor read is limited.
import type { HostFiles } from "../host-files.ts";
import { LimitError } from "./skip-record.ts";

/** Returns the bytes at an offset, fewer at the end of the file. They may be part of a larger buffer. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

export interface RandomAccess extends Disposable {
  sizeBytes: number;
  readAt: ReadAt;
}

/** For records that are neighbors. */
const WINDOW_BYTES = 64 * 1024;
const MAX_WINDOWS = 16;
const MAX_READ_BYTES = 64 * 1024 * 1024;
/** No format needs to read a byte more than twice. */
const MAX_TIMES_READ = 4;

/** Undefined if the file does not exist. Throws CannotRead. */
export function openRandomAccess(
  files: HostFiles,
  path: string,
  windowBytes = WINDOW_BYTES,
): RandomAccess | undefined {
  const file = files.open(path);
  if (file === undefined) return undefined;
  const { sizeBytes } = file;
  return {
    sizeBytes,
    readAt: cachedReader(file.readAt, windowBytes, MAX_TIMES_READ * sizeBytes + WINDOW_BYTES),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** Small reads come from windows of the file. */
function cachedReader(readFile: ReadAt, windowBytes: number, maxBytes: number): ReadAt {
  const windows = new Map<number, Uint8Array>();
  let total = 0;
  return (offset, length) => {
    if (!Number.isSafeInteger(offset) || offset < 0 || length < 0) return new Uint8Array(0);
    total += length;
    if (length > MAX_READ_BYTES || total > maxBytes) throw new LimitError("more to read than it has");
    const start = offset - (offset % windowBytes);
    if (offset + length > start + windowBytes) return readFile(offset, length);
    let window = windows.get(start);
    if (window === undefined) {
      window = readFile(start, windowBytes);
      const oldest = windows.keys().next().value;
      if (windows.size >= MAX_WINDOWS && oldest !== undefined) windows.delete(oldest);
      windows.set(start, window);
    }
    return window.subarray(offset - start, offset - start + length);
  };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
