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

/**
 * Runs a task's main function, which gives the exit code; its failure becomes a message and exit code 1. A signal ends it
 * wherever it is. What was opened on `opened` is then closed, in reverse; a second signal is part of the first.
 */
export async function runTask(
  name: string,
  main: (opened: AsyncDisposableStack) => Promise<number>,
): Promise<never> {
  const opened = new AsyncDisposableStack();
  const stopped = new Promise<number>((resolve) => {
    for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
      process.on(signal, () => resolve(128 + number));
    }
  });
  let code: number;
  try {
    code = await Promise.race([main(opened), stopped]);
  } catch (error) {
    console.error(`${name}: ${describeFailure(error as Error & { code?: string })}`);
    code = 1;
  }
  await opened.disposeAsync();
  process.exit(code);
}

function describeFailure(error: Error & { code?: string }): string {
  const isExpected = error instanceof TaskError || error.code?.startsWith("ERR_PARSE_ARGS");
  return isExpected ? error.message : (error.stack ?? String(error));
}
