// How long another process was ready to run, but no processor was free.
import { readFileSync } from "node:fs";

/** Milliseconds, of its main thread since it started; 0 where the system does not say. */
export function processorWaitOf(processId: number): number {
  try {
    // Time on a processor, time of waiting for one, and number of turns, in nanoseconds.
    const [, waited] = readFileSync(`/proc/${processId}/schedstat`, "utf8").split(" ");
    return Number(waited) / 1e6 || 0;
  } catch {
    return 0;
  }
}
