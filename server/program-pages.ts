// The pages of the program in the memory of this process: code of the runtime that the start needed, and much
// of it nothing else. They are those of its file, so the system maps them again when they are needed, without
// reading the disk.
import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { Job } from "./jobs.ts";

const MADV_DONTNEED = 4;
/** The code of the runtime is much larger than that of any library. */
const MIN_BYTES = 16 * 1024 * 1024;
const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

interface Region {
  address: number;
  bytes: number;
}

/** Returns a function that lets go of them, and a job that does so. */
export function openProgramPages(): { release: () => void; job: Job } {
  const release = openRelease();
  // Between the jobs of each minute, which need some of them.
  const job: Job = {
    ...{ name: "release memory of the program", intervalMs: 20_000, isOfProcess: true },
    work: async () => release(),
  };
  return { release, job };
}

/** Where that is impossible, as on another system, it does nothing. */
function openRelease(): () => void {
  if (process.platform !== "linux") return () => {};
  const regions = findRegions();
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, { madvise: { args: ["u64", "u64", "int"], returns: "int" } });
      return () => {
        for (const { address, bytes } of regions) symbols.madvise(address, bytes, MADV_DONTNEED);
      };
    } catch {
      // The other library, or none.
    }
  }
  return () => {};
}

/** Code, and the constants at the start of the file: no loader writes into these. */
function findRegions(): Region[] {
  try {
    return readFileSync("/proc/self/maps", "utf8")
      .split("\n")
      .flatMap((line) => {
        const [, start = "", end = ""] = /^([\da-f]+)-([\da-f]+) r-(?:xp \S+|-p 0+) .*\//.exec(line) ?? [];
        const address = Number.parseInt(start, 16);
        const bytes = Number.parseInt(end, 16) - address;
        return bytes >= MIN_BYTES ? [{ address, bytes }] : [];
      });
  } catch {
    return [];
  }
}
