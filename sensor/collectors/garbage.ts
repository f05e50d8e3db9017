// Keeps the memory of a collector process small. On its own, the runtime lets garbage grow to the size of
// what is in use, so that a collector of a long list would need twice its memory. And most pages of the
// program are needed once, to start or to compile a function, but stay.
import { processMemory } from "./process-memory.ts";

/** The inventory of most hosts is done before it reaches this size, without the pages of the program. */
const SMALL_BYTES = 28 * 1024 * 1024;
/** Beyond it, garbage that is left to the runtime. */
const STEP_BYTES = 8 * 1024 * 1024;
/** From this size on, with all pages of the program. */
const LARGE_BYTES = 44 * 1024 * 1024;
/** Letting go of fewer pages of the program takes longer than it is worth. */
const PROGRAM_STEP_BYTES = 10 * 1024 * 1024;
/** Reading the size takes time, too. */
const INTERVAL_MS = 10;

let checkedAt = performance.now();
let smallest = Number.POSITIVE_INFINITY;
let letGoOfProgram: (() => void) | undefined;
let afterProgram = 0;

/** For loops whose length depends on the host. */
export function limitGarbage(nowMs = performance.now()): void {
  if (nowMs < checkedAt + INTERVAL_MS) return;
  checkedAt = nowMs;
  const { all, own } = processMemory();
  smallest = Math.min(smallest, own);
  if (own > SMALL_BYTES && own > smallest + STEP_BYTES) {
    Bun.gc(true);
    smallest = processMemory().own;
  }
  if (all > LARGE_BYTES && all > afterProgram + PROGRAM_STEP_BYTES) limitProgram();
}

/** `letGo`: removes the pages of the program from memory. The system reads those that are needed again. */
export function openProgram(letGo: () => void): void {
  letGoOfProgram = letGo;
}

export function limitProgram(): void {
  if (letGoOfProgram === undefined) return;
  letGoOfProgram();
  afterProgram = processMemory().all;
}
