// Runs the tools of macOS for facts that no file has. Each has an absolute path, fixed arguments, no shell,
// no inherited variable, a deadline and a limit for its output. No text of the host reaches an argument.
import { CannotRead } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

/** Undefined: not on a running host, or a gap is noted. */
export type RunTool = (
  path: string,
  args: readonly string[],
  timeoutMs?: number,
) => Promise<string | undefined>;

const TIMEOUT_MS = 5_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const ENVIRONMENT = { LC_ALL: "C", LANG: "C", PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/var/root" };

/** A disk has no tools that could run. */
export function openTools(files: HostFiles): RunTool {
  return async (path, args, timeoutMs = TIMEOUT_MS) => {
    if (!files.isLive) return undefined;
    try {
      return await runTool(path, args, timeoutMs);
    } catch (error) {
      const reason = error instanceof CannotRead ? error.reason : String(error);
      files.noteGap({ kind: "unreadable", subject: path, reason });
      return undefined;
    }
  };
}

/** Its output, also if it ends with an error: some tools do so for one missing value. Throws CannotRead. */
export async function runTool(path: string, args: readonly string[], timeoutMs: number): Promise<string> {
  const fail = (reason: string) => new CannotRead(path, reason, "unreadable");
  if (!(await Bun.file(path).exists())) throw fail("this host does not have the tool");
  const child = Bun.spawn([path, ...args], {
    env: ENVIRONMENT,
    cwd: "/",
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of child.stdout) {
    length += part.length;
    if (length > MAX_OUTPUT_BYTES) {
      child.kill("SIGKILL");
      throw fail(`it printed more than ${MAX_OUTPUT_BYTES} bytes`);
    }
    parts.push(part);
  }
  const code = await child.exited;
  if (child.signalCode !== null) throw fail(`it did not end within ${timeoutMs / 1_000} seconds`);
  if (code !== 0 && length === 0) throw fail(`it ended with exit code ${code}`);
  return Buffer.concat(parts).toString("utf8");
}
