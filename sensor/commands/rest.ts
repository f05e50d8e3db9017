// attacklens-sensor run, at rest: what replaces the process of `run` while nothing changes. It waits with
// nothing loaded, checks in, and replaces itself by a new one, because a check-in leaves 15 MB behind.
import { AT_REST, replaceProcess, takeRestState } from "./replace-process.ts";
import { sleepUntilDue } from "./sleep-until-due.ts";

/** Returns the exit code; undefined: nothing was passed on, so that `run` has to do it. */
export async function restCommand(): Promise<number | undefined> {
  const state = takeRestState();
  if (state === undefined) return undefined;
  const stop = new AbortController();
  const { signal } = stop;
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const isReplaced = await sleepUntilDue({ ...state, signal });
  if (!signal.aborted && !isReplaced) {
    const { checkInAtRest } = await import("../reporting/rest.ts");
    const mayRest = await checkInAtRest(state, signal);
    state.shortRests = mayRest ? 0 : state.shortRests + 1;
    if (mayRest) await replaceProcess([...state.args, AT_REST], state, { isResting: true, signal });
  }
  await replaceProcess(state.args, state, { isResting: false, signal });
  if (!signal.aborted) return undefined;
  const { logLine, flushErrors } = await import("./terminal.ts");
  const { lockStateDir } = await import("../state/run-lock.ts");
  // Of this process, which has had the lock since before the rest.
  lockStateDir(state.stateDir)[Symbol.dispose]();
  logLine("stopped");
  await flushErrors();
  return 0;
}
