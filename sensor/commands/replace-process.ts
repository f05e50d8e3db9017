// Replaces this process by another start of the same program: execve(2). The process keeps its id, and so its
// locks and its place in the service; its memory is new.
import type { RestState } from "../reporting/rest.ts";
import { environmentWithState, ownProgram, takePassedState } from "../settings.ts";

/** The last argument of a process at rest. */
export const AT_REST = "--at-rest";

export function canReplaceProcess(): boolean {
  return process.platform !== "win32" && process.execve !== undefined;
}

/**
 * Returns only if the signal is aborted, or the system refuses, e.g. because the state is too large. The new
 * process does not learn of a signal that this one has received.
 */
export async function replaceProcess(
  args: string[],
  state: RestState,
  { isResting, signal }: { isResting: boolean; signal: AbortSignal },
): Promise<void> {
  const [program = "", ...main] = ownProgram().command;
  const path = await pathOf(program);
  const environment = environmentWithState(toAscii(JSON.stringify(state)), isResting);
  await new Promise((resolve) => setImmediate(resolve));
  if (signal.aborted) return;
  try {
    process.execve?.(path, [process.execPath, ...main, ...args], environment);
  } catch {
    // This process continues.
  }
}

/** So that the text can be cut anywhere. */
function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The state for this process; undefined: there is none. */
export function takeRestState(): RestState | undefined {
  const text = takePassedState();
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as RestState;
    return state.processId === process.pid ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Lists of processes show the name of the file. An update may have replaced it. */
async function pathOf(program: string): Promise<string> {
  // A process at rest waits without this module.
  const { statSync } = await import("node:fs");
  const running = statSync(program);
  const named = statSync(process.execPath, { throwIfNoEntry: false });
  return named?.ino === running.ino && named.dev === running.dev ? process.execPath : program;
}
