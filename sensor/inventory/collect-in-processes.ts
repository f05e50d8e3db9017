// Collects categories in processes that are ended when a category takes too long or too much memory, so that
// one category never costs another one. While a category is slow, another process continues with the next
// ones.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Uncollected } from "../collectors/result.ts";
import type { OwnProgram } from "../settings.ts";
import { systemReason } from "../system-reason.ts";
import type { Request } from "./answer-requests.ts";
import { type CollectorProcess, ProcessEnded, startCollectorProcess } from "./collector-process.ts";
import type { CutResult } from "./cut-category.ts";
import { readReply } from "./read-reply.ts";

export interface CollectionLimits {
  /** For one category. */
  categoryMs: number;
  /** For all of them. */
  totalMs: number;
  /**
   * After this time, not counting waits for a processor, another process continues with the next category.
   */
  slowMs: number;
  processes: number;
  /** Of all processes together, without the program itself. */
  memoryBytes: number;
}

/** Together with the time that a start takes, an inventory ends within 12 seconds. */
export const COLLECTION_LIMITS: CollectionLimits = {
  categoryMs: 10_000,
  totalMs: 11_000,
  slowMs: 1_000,
  processes: 4,
  memoryBytes: 96 * 1024 * 1024,
};
/** Far from the limit, a process needs longer to exceed it by half. */
const MEMORY_POLL_MS = { near: 20, far: 45 };

export interface CollectionOptions {
  program: OwnProgram;
  root: string;
  signal?: AbortSignal | undefined;
  onResult?: (category: Category, result: CutResult) => void;
  limits?: CollectionLimits;
}

/** A request that a process is working on. */
interface Active {
  process: CollectorProcess;
  /** The result that the end of the process gives the category. */
  ended?: Uncollected;
  /** The end of the process does not count. */
  isPostponed?: true;
}

/** Throws only the reason of the signal. Then all processes have been ended. */
export async function collectInProcesses<C extends Category>(
  categories: readonly C[],
  options: CollectionOptions,
): Promise<Record<C, CutResult>> {
  const inventory: Partial<Record<C, CutResult>> = {};
  await answerInProcesses(categories, options, (category, reply) => {
    const result = reply as CutResult;
    inventory[category] = result;
    options.onResult?.(category, result);
  });
  return inventory as Record<C, CutResult>;
}

/** The reply to one request; undefined if there is none. Throws the reason of the signal. */
export async function askInProcess(request: Request, options: CollectionOptions): Promise<unknown> {
  let found: unknown;
  await answerInProcesses([request], options, (_, reply, isAnswer) => {
    if (isAnswer) found = reply;
  });
  return found;
}

async function answerInProcesses<R extends Request>(
  requests: readonly R[],
  { program, root, signal, limits = COLLECTION_LIMITS }: CollectionOptions,
  onReply: (request: R, reply: unknown, isAnswer: boolean) => void,
): Promise<void> {
  const queue = [...requests];
  /** Those that took too much memory together with others. They are asked again, each alone. */
  const postponed: R[] = [];
  const active = new Set<Active>();
  const workers: Promise<void>[] = [];
  const endsAt = performance.now() + limits.totalMs;

  function next(): R | undefined {
    return queue.shift() ?? (active.size === 0 ? postponed.shift() : undefined);
  }

  async function work(): Promise<void> {
    let process: CollectorProcess | undefined;
    for (let request = next(); request !== undefined; request = next()) {
      const startedAt = performance.now();
      const restMs = endsAt - startedAt;
      const timeMs = Math.min(limits.categoryMs, restMs);
      const late =
        restMs < limits.categoryMs
          ? tooSlow(limits.totalMs, "all categories together")
          : tooSlow(limits.categoryMs);
      if (timeMs <= 0) {
        onReply(request, late, false);
        continue;
      }
      try {
        process ??= startCollectorProcess(program, root);
      } catch (error) {
        await replyWithoutProcess(request, error);
        continue;
      }
      const current: Active = { process };
      active.add(current);
      using _slow = whenSlow(process, limits.slowMs, startAnother);
      using _deadline = later(timeMs, () => endWith(current, { ...late, durationMs: Math.round(timeMs) }));
      try {
        onReply(request, await process.ask(request), true);
        // What one category leaves behind must not count against the next one.
        if ((current.process.privateBytes() ?? 0) > limits.memoryBytes / 3) {
          current.process.end("it is done");
          process = undefined;
        }
      } catch (error) {
        if (!(error instanceof ProcessEnded)) throw error;
        current.process.end(error.message);
        process = undefined;
        if (current.isPostponed && !signal?.aborted) {
          postponed.push(request);
          continue;
        }
        const durationMs = Math.round(performance.now() - startedAt);
        onReply(request, current.ended ?? { status: "failed", reason: error.message, durationMs }, false);
      } finally {
        active.delete(current);
      }
    }
    process?.end("it is done");
    // Its use of the processor counts as that of this process when it has ended.
    await process?.exited();
  }

  function startAnother(): void {
    if (queue.length > 0 && active.size < limits.processes) workers.push(work());
  }

  async function replyWithoutProcess(request: R, error: unknown): Promise<void> {
    // An emulator of another processor runs this program, but the kernel cannot start it.
    if (errnoCode(error) === "ENOEXEC") {
      const { answer } = await import("./answer-requests.ts");
      const lines = (await answer(request, root))[Symbol.iterator]();
      const readLine = async () => Buffer.from(lines.next().value ?? "").toString();
      onReply(request, await readReply(readLine), true);
    } else {
      const reason = `the collector cannot start: ${systemReason(error)}`;
      onReply(request, { status: "failed", reason }, false);
    }
  }

  let memoryTimer: ReturnType<typeof setTimeout> | undefined;
  function watchMemory(): void {
    const sizes = Array.from(active, (one) => ({ one, bytes: one.process.privateBytes() ?? 0 }));
    const sum = sizes.reduce((total, { bytes }) => total + bytes, 0);
    const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0];
    if (largest && sum > limits.memoryBytes) {
      if (largest.bytes > limits.memoryBytes || active.size === 1)
        endWith(largest.one, tooLarge(limits.memoryBytes));
      // They are in the order of their starts: the last one that frees enough has done the least work.
      else postpone((sizes.findLast(({ bytes }) => bytes >= sum - limits.memoryBytes) ?? largest).one);
    }
    const isFar = sum < limits.memoryBytes / 3;
    memoryTimer = setTimeout(watchMemory, isFar ? MEMORY_POLL_MS.far : MEMORY_POLL_MS.near);
  }

  const onAbort = () => {
    queue.length = 0;
    postponed.length = 0;
    for (const one of active) endWith(one, { status: "failed", reason: "the sensor was stopped" });
  };
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort);
  try {
    workers.push(work());
    watchMemory();
    // A worker may start another one.
    for (let index = 0; index < workers.length; index++) await workers[index];
  } finally {
    clearTimeout(memoryTimer);
    signal?.removeEventListener("abort", onAbort);
  }
  signal?.throwIfAborted();
}

function endWith(active: Active, result: Uncollected & { reason: string }): void {
  if (active.ended !== undefined) return;
  active.ended = result;
  active.process.end(result.reason);
}

function postpone(active: Active): void {
  if (active.ended !== undefined) return;
  active.isPostponed = true;
  active.process.end("others take too much memory");
}

function tooSlow(timeMs: number, what = "it") {
  return { status: "too-slow", reason: `${what} took more than ${timeMs / 1000} seconds` } as const;
}

function tooLarge(bytes: number) {
  return { status: "failed", reason: `it took more than ${bytes / 1024 / 1024} MB of memory` } as const;
}

/**
 * Calls `work` once if the process needs more time for its request. On a busy host it only waits for its
 * turn, and another process would make that worse.
 */
function whenSlow(process: CollectorProcess, slowMs: number, work: () => void): Disposable {
  const startedAt = performance.now();
  const waitedBefore = process.processorWaitMs();
  let timer = setTimeout(check, slowMs);
  function check(): void {
    const restMs = slowMs + process.processorWaitMs() - waitedBefore - (performance.now() - startedAt);
    if (restMs > 1) timer = setTimeout(check, Math.max(restMs, MEMORY_POLL_MS.near));
    else work();
  }
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** A timer that ends with the scope. */
function later(afterMs: number, work: () => void): Disposable {
  const timer = setTimeout(work, afterMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
