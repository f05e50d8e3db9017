// What every task says to the person who started it: progress as it works, and why it failed.
import { isAbsolute, join, resolve } from "node:path";

/** The repository's top folder. */
export const ROOT = join(import.meta.dir, "..");

/** A failure that the person can understand without our stack trace. */
export class TaskError extends Error {}

const startedAt = performance.now();

/** One line of progress on standard error, so that standard output stays what the task was asked for. */
export function progress(text: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.error(`[${seconds.padStart(5)} s] ${text}`);
}

/** Milliseconds since this process started its first line. */
export function elapsedMs(): number {
  return Math.round(performance.now());
}

/** A path as typed: relative to the folder in which npm was called. */
export function callerPath(path: string): string {
  return isAbsolute(path) ? path : resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/** Runs a task's main function, which gives the exit code; its failure becomes a message and exit code 1. */
export async function runTask(name: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const failure = error as Error & { code?: string };
    const isExpected = failure instanceof TaskError || failure.code?.startsWith("ERR_PARSE_ARGS");
    console.error(`${name}: ${isExpected ? failure.message : (failure.stack ?? failure)}`);
    process.exitCode = 1;
  }
}
