// The pages of the program in the memory of this process. They are those of its file, so that the system
// shares them among all processes of the program, and maps them again when they are needed.
import { readFileSync } from "node:fs";
import { type CLibrary, openCLibrary } from "./c-library.ts";

const MADV_DONTNEED = 4;
/** The code of the runtime is much larger than that of any library. */
const MIN_BYTES = 16 * 1024 * 1024;

/** A function that lets go of them; undefined if they cannot be found. */
export function findProgramPages({ madvise }: CLibrary): (() => void) | undefined {
  try {
    const regions: { address: number; bytes: number }[] = [];
    for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
      // Code, and the constants at the start of the file: no loader writes into these.
      const [, start = "", end = ""] = /^([\da-f]+)-([\da-f]+) r-(?:xp \S+|-p 0+) .*\//.exec(line) ?? [];
      const address = Number.parseInt(start, 16);
      const bytes = Number.parseInt(end, 16) - address;
      if (bytes >= MIN_BYTES) regions.push({ address, bytes });
    }
    if (regions.length === 0) return undefined;
    return () => {
      for (const { address, bytes } of regions) madvise(address, bytes, MADV_DONTNEED);
    };
  } catch {
    // Without /proc.
    return undefined;
  }
}

/** For a process that now waits. */
export async function letGoOfProgram(): Promise<void> {
  const library = await openCLibrary();
  if (library) findProgramPages(library)?.();
}
