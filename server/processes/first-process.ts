// The first process of a server: starts the others, and starts those again that ended. They have the same
// command line and the same environment, and end when the first one does: their standard input ends.
import type { Logger } from "pino";
import { ownEnvironment } from "../config.ts";
import { type Channel, openChannel } from "./channel.ts";
import type { FirstAnswers, OtherAnswers } from "./questions.ts";

/** From one start to the next, if the process ends again and again. */
const BACK_OFF = { firstMs: 200, lastMs: 30_000 };
/** A process that ran for longer is started again at once. */
const STABLE_MS = 60_000;
/** Longer than a process takes to complete its requests. */
const STOP_TIMEOUT_MS = 20_000;

export interface OtherProcess {
  number: number;
  ask: Channel<OtherAnswers>["ask"];
}

export interface FirstProcessOptions {
  /** The command of another process. */
  command: string[];
  /** The number of processes, with the first one. */
  count: number;
  log: Logger;
  answers: Omit<FirstAnswers, "ready">;
  /** A process listens. */
  onReady(other: OtherProcess, chain: string | null): void;
}

export function openOtherProcesses({ command, count, log, answers, onReady }: FirstProcessOptions) {
  const running = new Map<number, Bun.Subprocess>();
  /** Contains only processes that listen. */
  const ready = new Map<number, OtherProcess>();
  const waiting = new Set<Timer>();
  let isStopping = false;

  /** Resolves when the process listens or has ended. */
  function start(number: number, delayMs: number): Promise<void> {
    const begun = Promise.withResolvers<void>();
    const startedAt = performance.now();
    const channel = openChannel<OtherAnswers>(write, {
      ...answers,
      ready(chain: string | null) {
        const other = { number, ask: channel.ask };
        ready.set(number, other);
        begun.resolve();
        onReady(other, chain);
      },
    });
    const child = Bun.spawn([...command, String(number)], {
      env: ownEnvironment(),
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    function write(line: string): void {
      child.stdin.write(line);
      child.stdin.flush();
    }
    void channel.receiveFrom(child.stdout).catch(() => child.kill("SIGKILL"));
    running.set(number, child);
    void child.exited.then((code) => {
      running.delete(number);
      ready.delete(number);
      begun.resolve();
      if (isStopping) return;
      const isStable = performance.now() - startedAt > STABLE_MS;
      const next = isStable ? 0 : Math.min(Math.max(delayMs * 2, BACK_OFF.firstMs), BACK_OFF.lastMs);
      const { signalCode: signal } = child;
      log.error({ process: number, code, signal, restartMs: next }, "a process of the server ended");
      const timer = setTimeout(() => {
        waiting.delete(timer);
        void start(number, next);
      }, next);
      waiting.add(timer);
    });
    return begun.promise;
  }

  return {
    /** Resolves when each process listens, or has ended and will be started again. */
    async start(): Promise<void> {
      await Promise.all(Array.from({ length: count - 1 }, (_, index) => start(index + 2, 0)));
    },
    /** The other processes that listen. */
    ready: (): OtherProcess[] => [...ready.values()],
    /** Ends the other processes after their requests. */
    async stop(): Promise<void> {
      isStopping = true;
      for (const timer of waiting) clearTimeout(timer);
      const children = [...running.values()];
      for (const child of children) child.kill("SIGTERM");
      const kill = setTimeout(() => {
        for (const child of children) child.kill("SIGKILL");
      }, STOP_TIMEOUT_MS);
      await Promise.all(children.map((child) => child.exited));
      clearTimeout(kill);
    },
  };
}

/** The command of this program, also if its file was replaced by that of another release. */
export function ownCommand(): string[] {
  if (/\/\$bunfs\//.test(Bun.main)) return ["/proc/self/exe"];
  return [process.execPath, ...process.execArgv, Bun.main];
}
