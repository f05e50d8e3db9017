// Runs work on a timer, and remembers how the last run of each job ended.
import type { Logger } from "pino";

export interface Job {
  name: string;
  intervalMs: number;
  /** The job is about what a process has in memory. The others run once for all processes of a server. */
  isOfProcess?: boolean;
  work: () => Promise<unknown>;
}

/** The runs of a job since the server started, in milliseconds. */
export interface JobRuns {
  name: string;
  intervalMs: number;
  lastAt: number | null;
  nextAt: number;
  lastError: { at: number; message: string } | null;
  isFailing: boolean;
}

/**
 * A job that fails is logged and runs again after its interval. A run that takes longer than the interval is
 * the only one until it ends.
 */
export function startJobs(jobs: readonly Job[], log: Logger, now: () => number = Date.now) {
  const started = jobs.map(({ name, intervalMs, work }) => {
    const runs: JobRuns = {
      ...{ name, intervalMs, lastAt: null, nextAt: now() + intervalMs },
      ...{ lastError: null, isFailing: false },
    };
    let isRunning = false;
    async function run(): Promise<void> {
      if (isRunning) return;
      isRunning = true;
      runs.lastAt = now();
      runs.nextAt = runs.lastAt + intervalMs;
      try {
        await work();
        runs.isFailing = false;
      } catch (error) {
        runs.isFailing = true;
        runs.lastError = { at: now(), message: error instanceof Error ? error.message : String(error) };
        log.warn({ err: error, job: name }, "background job failed");
      } finally {
        isRunning = false;
      }
    }
    return { runs, timer: setInterval(() => void run(), intervalMs) };
  });
  return {
    runs: (): JobRuns[] => started.map(({ runs }) => ({ ...runs })),
    stop(): void {
      for (const { timer } of started) clearInterval(timer);
    },
  };
}
