// Copies the WAL of SQLite into its file in a thread. A checkpoint copies thousands of pages and waits for
// the disk, which would block the event loop.
import { openThread, type Thread } from "./thread.ts";

const LIMITS = { waiting: 1, timeMs: 10 * 60_000 };
/** From the end of one checkpoint to the next. A long read allows only a part of it. */
const PAUSE_MS = 200;
/** A thread has several megabytes of memory. */
const IDLE_MS = 60_000;

export interface Checkpoints extends AsyncDisposable {
  /** Starts a checkpoint unless one runs. */
  request(): void;
}

/** Every part of a checkpoint can be repeated, and may be interrupted at any time. */
export function openCheckpoints(file: string): Checkpoints {
  let thread: Thread<object, boolean> | undefined;
  let running: Promise<void> | undefined;
  let idle: Timer | undefined;
  let isClosed = false;

  async function run(): Promise<void> {
    clearTimeout(idle);
    try {
      thread ??= openThread<{ file: string }, object, boolean>(
        "server/db/checkpoint-worker.ts",
        { file },
        LIMITS,
      );
      await thread.ask({});
    } catch {
      // Everything is still in the WAL, e.g. because the disk is full or there is no thread.
    }
    idle = setTimeout(close, IDLE_MS);
    idle.unref();
  }

  async function close(): Promise<void> {
    clearTimeout(idle);
    const closed = thread;
    thread = undefined;
    await closed?.[Symbol.asyncDispose]();
  }

  return {
    request() {
      if (isClosed || running) return;
      running = run();
      void running.finally(() => {
        setTimeout(() => {
          running = undefined;
        }, PAUSE_MS).unref();
      });
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await running;
      await close();
    },
  };
}
