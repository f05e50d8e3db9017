// A process that collects for this one, so that it can be ended: a collector may hang in the kernel, loop,
// take all memory or crash. It is this program again, with a command that it has for this only.
import type { OwnProgram } from "../settings.ts";
import { systemReason } from "../system-reason.ts";
import type { Request } from "./answer-requests.ts";
import { COLLECTOR_COMMAND } from "./collector-command.ts";
import { privateMemoryOf } from "./private-memory.ts";

/** Larger than the largest category. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
const LINE_END = 0x0a;

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
  let end: string | undefined;

  async function readReply(): Promise<string> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { value } = await replies.read();
      if (value === undefined) throw new ProcessEnded(end ?? (await describeEnd()));
      parts.push(value);
      size += value.byteLength;
      if (size > MAX_REPLY_BYTES) throw new ProcessEnded(`it has more than ${MAX_REPLY_BYTES} bytes`);
      if (value.at(-1) === LINE_END) return Buffer.concat(parts, size).toString("utf8");
    }
  }

  async function describeEnd(): Promise<string> {
    const code = await child.exited;
    const how = child.signalCode ?? `exit code ${code}`;
    return `the collector ended unexpectedly (${how})`;
  }

  return {
    privateBytes: () => privateMemoryOf(child.pid),
    /** One request at a time. Throws ProcessEnded. */
    async ask(request: Request): Promise<unknown> {
      try {
        child.stdin.write(`${request}\n`);
        child.stdin.flush();
      } catch (error) {
        throw new ProcessEnded(end ?? `the collector cannot be reached: ${systemReason(error)}`);
      }
      const reply = await readReply();
      try {
        return JSON.parse(reply);
      } catch {
        throw new ProcessEnded("the collector's reply is damaged");
      }
    },
    /** Ends it at once, and a waiting `ask` with the reason. */
    end(reason: string): void {
      end ??= reason;
      child.kill("SIGKILL");
      // A process that hangs in the kernel keeps its end of the pipe.
      replies.cancel().catch(() => {});
    },
  };
}
