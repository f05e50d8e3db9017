// Reads a file that the operator names.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { decodeText } from "@attacklens/protocol/decode-text.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { SensorError } from "./sensor-error.ts";
import { systemReason } from "./system-reason.ts";

/** `what` as in "token file". Throws SensorError, which says why the file cannot be read. */
export function readOperatorFile(
  path: string,
  what: string,
  maxBytes: number,
): { text: string; isForOthers: boolean } {
  const unreadable = (why: string) => new SensorError("usage", `Cannot read the ${what} ${path}: ${why}`);
  let file: number;
  try {
    // Opening a FIFO would block. Windows has neither FIFOs nor the flag.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw unreadable(REASONS[errnoCode(error) ?? ""] ?? systemReason(error));
  }
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw unreadable("it is a folder");
    if (!stat.isFile()) throw unreadable("it is not a regular file");
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length <= maxBytes; length += count)
      count = readSync(file, bytes, length, bytes.length - length, null);
    if (length > maxBytes) throw unreadable(`it has more than ${maxBytes} bytes`);
    const isForOthers = process.platform !== "win32" && (stat.mode & 0o077) !== 0;
    return { text: decodeText(bytes.subarray(0, length)), isForOthers };
  } catch (error) {
    throw error instanceof SensorError ? error : unreadable(systemReason(error));
  } finally {
    closeSync(file);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "it does not exist",
  EISDIR: "it is a folder",
  ELOOP: "its symbolic links never end",
  ENAMETOOLONG: "its name is too long",
  // A socket.
  ENXIO: "it is not a regular file",
};
