// The terminal output of every task: its progress, and why it failed.
import { isAbsolute, join, resolve } from "node:path";

/** The repository's top folder. */
export const ROOT = join(import.meta.dir, "..");

/** A failure that the user understands without a stack trace. */
export class TaskError extends Error {}

const startedAt = performance.now();

/** Prints one line to standard error, so that standard output contains only the result of the task. */
export function progress(text: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.error(`[${seconds.padStart(5)} s] ${text}`);
}

/** Returns the milliseconds since this process started. */
export function elapsedMs(): number {
  return Math.round(performance.now());
}

/** Resolves a path that the user typed: it is relative to the folder in which they called npm. */
export function callerPath(path: string): string {
  return isAbsolute(path) ? path : resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/**
 * Runs a task's main function, which returns the exit code. A failure prints a message and results in exit
 * code 1. A signal ends the task at any point. The resources in `opened` are then closed in reverse order.
 * Further signals are ignored.
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
