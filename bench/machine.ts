// What a figure depends on besides the programs.
import { cpus, loadavg, release, totalmem } from "node:os";

/** One line. The load tells whether something else ran at the start. */
export function describeMachine(): string {
  const cores = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  return `${cores.length} cores (${cores[0]?.model.trim()}), ${gigabytes} GB, Linux ${release()}, load ${loadavg()[0]!.toFixed(1)}`;
}
