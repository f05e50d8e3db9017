// What the end of a cycle means: the state of the sensor, the problem for its operator, and when to try
// again.
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import type { SensorState } from "../state/status-file.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";
import type { Delivered } from "./deliver.ts";

const REFUSED_STATES: Partial<Record<ProblemCode, SensorState>> = {
  "sensor-unknown": "unknown-to-server",
  "sensor-blocked": "blocked",
  "sensor-awaiting-approval": "awaiting-approval",
  "sensor-cloned": "cloned",
  "key-replaced": "key-replaced",
  "clock-skewed": "clock-wrong",
  // Another instance has checked in since. The next check-in decides which one owns the key.
  "state-conflict": "ownership-undecided",
  // Other instances use this key so often that they overtook each corrected nonce.
  "signature-replayed": "ownership-undecided",
};

export interface Attempt {
  state: SensorState;
  problem: string | null;
  result: Delivered | undefined;
  /** No trustworthy reply arrived: a retry soon may help. */
  isUnreachable: boolean;
  /** The wait that the server requested. */
  retryAfterMs: number;
}

/** Throws what is neither a refusal nor a failed connection. */
export async function attempt(work: () => Promise<Delivered>): Promise<Attempt> {
  const failed = { result: undefined, isUnreachable: false, retryAfterMs: 0 };
  try {
    const result = await work();
    const problem = result.undecided
      ? "another instance may own this sensor's key; the server decides which one"
      : null;
    return { ...failed, state: result.undecided ? "ownership-undecided" : "connected", problem, result };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Refused) {
      if (error.isAuthentic === false)
        return {
          ...failed,
          state: "wrong-server",
          problem: `not the server that this sensor enrolled with: ${message}`,
        };
      return { ...failed, state: REFUSED_STATES[error.problem.code] ?? "refused", problem: message };
    }
    if (error instanceof Unreachable) {
      const { state, retryAfterMs } = error;
      return { ...failed, state, problem: message, isUnreachable: true, retryAfterMs };
    }
    throw error;
  }
}
