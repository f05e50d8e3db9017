// Waits for the next check-in. Loads next to nothing, because a process at rest stays that small.
import { waitsQuietly } from "../settings.ts";
import { wait } from "../transport/back-off.ts";

/** How often it looks whether `enroll` has replaced the identity. */
const LOOK_MS = 5_000;

export interface Sleep {
  waitMs: number;
  identityPath: string;
  signal: AbortSignal;
}

/** Returns whether the identity was replaced. Ends early then, and when the signal is aborted. */
export async function sleepUntilDue({ waitMs, identityPath, signal }: Sleep): Promise<boolean> {
  const endsAt = performance.now() + waitMs;
  const before = Bun.file(identityPath).lastModified;
  for (let leftMs = waitMs; leftMs > 0; leftMs = endsAt - performance.now()) {
    const pauseMs = Math.min(leftMs, LOOK_MS);
    if (waitsQuietly()) await wait(pauseMs, signal);
    else {
      // The event loop would take more CPU.
      Bun.sleepSync(pauseMs);
      // Signals arrive here, and timers are run.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (signal.aborted) return false;
    if (Bun.file(identityPath).lastModified !== before) return true;
  }
  return false;
}
