// The memory of a process, often and fast: collectors ask for their own a hundred times a second.
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
let pageBytes: number | undefined;

export function processMemory(): ProcessMemory {
  read ??= openProcessMemory("self")?.read ?? readWhole;
  return read();
}

/**
 * From /proc/ID/statm (proc(5)), which stays open; undefined on other systems than Linux, and if the process
 * has ended. `read` throws once it has ended.
 */
export function openProcessMemory(id: number | "self"): ({ read(): ProcessMemory } & Disposable) | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    pageBytes ??= findPageBytes();
    const file = fs.openSync(`/proc/${id}/statm`, "r");
    const line = Buffer.alloc(MAX_LINE_BYTES);
    const bytesOfPage = pageBytes;
    const read = () => {
      const length = fs.readSync(file, line, 0, line.length, 0);
      const [, resident, shared] = line.toString("latin1", 0, length).split(" ", 3).map(Number) as [
        number,
        number,
        number,
      ];
      return { all: resident * bytesOfPage, own: (resident - shared) * bytesOfPage };
    };
    return { read, [Symbol.dispose]: () => fs.closeSync(file) };
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
