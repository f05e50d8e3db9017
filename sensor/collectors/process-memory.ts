// The memory of this process, often and fast: collectors ask for it a hundred times a second.
import * as fs from "node:fs";

export interface ProcessMemory {
  /** Bytes in memory. */
  all: number;
  /** Without pages of files. */
  own: number;
}

const MAX_LINE_BYTES = 200;
const AT_PAGESZ = 6n;

let read: (() => ProcessMemory) | undefined;

export function processMemory(): ProcessMemory {
  read ??= openStatm() ?? readWhole;
  return read();
}

/** From /proc/self/statm (proc(5)), which stays open; undefined on other systems than Linux. */
function openStatm(): (() => ProcessMemory) | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const pageBytes = findPageBytes();
    const file = fs.openSync("/proc/self/statm", "r");
    const line = Buffer.alloc(MAX_LINE_BYTES);
    return () => {
      const length = fs.readSync(file, line, 0, line.length, 0);
      const [, resident, shared] = line.toString("latin1", 0, length).split(" ", 3).map(Number) as [
        number,
        number,
        number,
      ];
      return { all: resident * pageBytes, own: (resident - shared) * pageBytes };
    };
  } catch {
    return undefined;
  }
}

/** From the auxiliary vector (getauxval(3)): pairs of numbers of 64 bits. */
function findPageBytes(): number {
  const vector = fs.readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= vector.length; at += 16)
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  throw new RangeError("the kernel does not tell the size of a page");
}

function readWhole(): ProcessMemory {
  const all = process.memoryUsage.rss();
  return { all, own: all };
}
