// Runs a program and measures the memory of its process and of all that it starts. Linux only.
import { readdirSync, readFileSync } from "node:fs";
import { cleanEnvironment } from "../../harness/programs.ts";

export interface Measured {
  code: number;
  stdout: string;
  stderr: string;
  elapsedMs: number;
  /** The largest sum over all processes, with shared memory counted once. */
  peakBytes: number;
}

const POLL_MS = 20;

export async function runMeasured(command: string[]): Promise<Measured> {
  const startedAt = performance.now();
  const child = Bun.spawn(command, {
    env: cleanEnvironment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let peakBytes = 0;
  const timer = setInterval(() => {
    const sum = processesBelow(child.pid).reduce((total, pid) => total + sizeOf(pid), 0);
    peakBytes = Math.max(peakBytes, sum);
  }, POLL_MS);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]).finally(() => clearInterval(timer));
  return { code, stdout, stderr, elapsedMs: performance.now() - startedAt, peakBytes };
}

function processesBelow(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name)
      ? Number(read(`/proc/${name}/stat`).split(") ").at(-1)?.split(" ")[1])
      : 0;
    if (parent > 0) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const one of found) found.push(...(childrenOf.get(one) ?? []));
  return found;
}

/** Its share of the memory: proc_pid_smaps_rollup(5). */
function sizeOf(pid: number): number {
  const [, kib] = /^Pss: +(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`)) ?? [];
  return Number(kib ?? 0) * 1024;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
