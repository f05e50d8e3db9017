// A process that collects for this one, so that it can be ended: a collector may hang in the kernel, loop,
// take all memory or crash. It is this program again, with a command that it has for this only.
import { setTimeout as sleep } from "node:timers/promises";
import { openProcessMemory } from "../collectors/process-memory.ts";
import type { OwnProgram } from "../settings.ts";
import { systemReason } from "../system-reason.ts";
import type { Request } from "./answer-requests.ts";
import { COLLECTOR_COMMAND } from "./collector-command.ts";
import { processorWaitOf } from "./processor-wait.ts";
import { readReply } from "./read-reply.ts";

/** Larger than the largest category. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
const LINE_END = 0x0a;
const EXIT_MS = 500;

/** The process ended before it replied. The message says why. */
export class ProcessEnded extends Error {}

export type CollectorProcess = ReturnType<typeof startCollectorProcess>;

/** Throws the system's error if it cannot start. */
export function startCollectorProcess({ command, environment }: OwnProgram, root: string) {
  const child = Bun.spawn([...command, COLLECTOR_COMMAND, root], {
    ...{ cwd: "/", env: environment, stdin: "pipe", stdout: "pipe", stderr: "ignore" },
    // Otherwise, a window flashes up on Windows.
    windowsHide: true,
  });
  const replies = child.stdout.getReader();
  const memory = openProcessMemory(child.pid);
  let end: string | undefined;

  /** What was read after the end of the last line. */
  let rest: Uint8Array | undefined;
  let replyBytes = 0;

  async function readLine(): Promise<string> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const value = rest ?? (await replies.read()).value;
      if (value === undefined) throw new ProcessEnded(end ?? (await describeEnd()));
      const lineEnd = value.indexOf(LINE_END);
      const part = lineEnd < 0 ? value : value.subarray(0, lineEnd);
      rest = lineEnd < 0 || lineEnd + 1 === value.length ? undefined : value.subarray(lineEnd + 1);
      parts.push(part);
      replyBytes += part.byteLength;
      if (replyBytes > MAX_REPLY_BYTES)
        throw new ProcessEnded(`the collector's reply has more than ${MAX_REPLY_BYTES} bytes`);
      if (lineEnd >= 0) return Buffer.concat(parts).toString("utf8");
    }
  }

  async function describeEnd(): Promise<string> {
    const code = await child.exited;
    const how = child.signalCode ?? `exit code ${code}`;
    return `the collector ended unexpectedly (${how})`;
  }

  return {
    /** Without the program itself; undefined on systems without /proc, and when it has ended. */
    privateBytes(): number | undefined {
      try {
        return memory?.read().own;
      } catch {
        return undefined;
      }
    },
    processorWaitMs: () => processorWaitOf(child.pid),
    /** Resolves when it has ended, or after a while: a process may hang in the kernel. */
    exited: () => Promise.race([child.exited, sleep(EXIT_MS, undefined, { ref: false })]),
    /** One request at a time. Throws ProcessEnded. */
    async ask(request: Request): Promise<unknown> {
      try {
        child.stdin.write(`${request}\n`);
        child.stdin.flush();
      } catch (error) {
        throw new ProcessEnded(end ?? `the collector cannot be reached: ${systemReason(error)}`);
      }
      replyBytes = 0;
      try {
        return await readReply(readLine);
      } catch (error) {
        if (error instanceof ProcessEnded) throw error;
        throw new ProcessEnded("the collector's reply is damaged");
      }
    },
    /** Ends it at once, and a waiting `ask` with the reason. */
    end(reason: string): void {
      if (end === undefined) memory?.[Symbol.dispose]();
      end ??= reason;
      child.kill("SIGKILL");
      // A process that hangs in the kernel keeps its end of the pipe.
      replies.cancel().catch(() => {});
    },
  };
}
