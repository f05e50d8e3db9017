// What a program costs with all the processes that it starts, from proc(5).
import { readFileSync } from "node:fs";

export interface Cost {
  cpuMs: number;
  /** The highest sum over the processes that ran at the same time. Each counts the pages that they share. */
  peakMegabytes: number;
  /** Of the largest process. A program that ends within a few samples may have had a little more. */
  largestMegabytes: number;
}

const SAMPLE_MS = 5;

/** Runs a program until it ends. Throws if its exit code is not among the expected ones. */
export async function costOf(command: string[], expected: number[] = [0]): Promise<Cost> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  let [peak, largest] = [0, 0];
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(child.pid));
    largest = Math.max(largest, largestMegabytes(child.pid));
  }, SAMPLE_MS);
  const code = await child.exited;
  clearInterval(timer);
  if (!expected.includes(code)) throw new Error(`${command.join(" ")} exited with code ${code}`);
  const usage = child.resourceUsage();
  return {
    cpuMs: Number(usage?.cpuTime.total ?? 0) / 1000,
    peakMegabytes: Math.max(peak, largest),
    largestMegabytes: largest,
  };
}

/**
 * The highest memory of a process of the tree since it started its program. The usage that the kernel returns
 * for a child is at least the memory of the process that started it.
 */
function largestMegabytes(pid: number): number {
  const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
  return Math.max(kib / 1024, ...childrenOf(pid).map(largestMegabytes));
}

/** The resident memory of a process and its descendants. Shared pages count once for each process. */
export function residentMegabytes(pid: number): number {
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
  return kib / 1024 + childrenOf(pid).reduce((sum, child) => sum + residentMegabytes(child), 0);
}

/** User and system time of a process and its descendants, those that ended included, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const fields = readOrEmpty(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  const own = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) * 10;
  return childrenOf(pid).reduce((sum, child) => sum + cpuMsOf(child), own);
}

export function childrenOf(pid: number): number[] {
  return readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
