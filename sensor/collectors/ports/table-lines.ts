// The lines of a table of the kernel, read in parts: a host can have a million sockets.
import type { HostFiles } from "../host-files.ts";

const PART_BYTES = 256 * 1024;
/** A longer line is none of the kernel's. */
const MAX_LINE = 4_096;

/** Nothing if the file does not exist. Throws CannotRead. */
export function* readTableLines(files: HostFiles, path: string): Generator<string> {
  using table = files.open(path);
  if (table === undefined) return;
  let rest = "";
  for (let offset = 0; ; ) {
    const part = table.readAt(offset, PART_BYTES);
    offset += part.length;
    const lines = (rest + Buffer.from(part).toString("latin1")).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) if (line.length <= MAX_LINE) yield line;
    if (part.length < PART_BYTES) break;
  }
  if (rest !== "") yield rest;
}
