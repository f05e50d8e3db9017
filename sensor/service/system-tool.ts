// Runs a tool of the system, e.g. systemctl. Only the commands that install, remove or show the service do
// so, and an update: a running sensor starts no other program.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";

export interface ToolResult {
  /** 127: the tool is not installed. */
  code: number;
  stdout: string;
  /** What the tool printed on standard error, or on standard output if that is empty. One line. */
  reason: string;
  /** Why the tool did not start, e.g. EACCES. */
  errno?: string | undefined;
}

const TIMEOUT_MS = 120_000;
const MAX_REASON = 300;

/** The path of a program of Windows. */
export function systemProgram(name: string): string {
  const path = join("C:\\Windows\\System32", name);
  return existsSync(path) ? path : name;
}

/** Never throws. The tool inherits no variable: one may contain a token or a proxy's password. */
export async function runTool(command: string[]): Promise<ToolResult> {
  try {
    const child = Bun.spawn(command, {
      env: toolEnvironment(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, reason: oneLine(stderr.trim() || stdout) };
  } catch (error) {
    const errno = errnoCode(error);
    const missing = errno === "ENOENT";
    const reason = missing ? `${command[0]} is not installed` : oneLine((error as Error).message);
    return { code: 127, stdout: "", reason, errno };
  }
}

function toolEnvironment(): Record<string, string> {
  // Windows finds its libraries by these.
  if (process.platform === "win32") return { SystemRoot: "C:\\Windows", windir: "C:\\Windows" };
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C", LC_ALL: "C" };
}

function oneLine(text: string): string {
  return text
    .trim()
    .split(/\s*\n\s*/)
    .filter(Boolean)
    .join("; ")
    .slice(0, MAX_REASON);
}
