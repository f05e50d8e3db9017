// The sensor's loop: report, wait, report. Whatever the server says or does not say, the key stays and the loop goes on.
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import { backOffMs, jitteredMs, wait } from "./back-off.ts";
import type { Collected } from "./collect.ts";
import { type EnrolledIdentity, privateKeyOf } from "./identity.ts";
import { type ReportResult, report } from "./report.ts";
import { connect } from "./request.ts";
import { Refused, Unreachable } from "./server-reply.ts";
import { readStatus, type SensorStatusFile, writeStatus } from "./status-file.ts";

/** How seldom a sensor asks that the server refuses. */
const REFUSED_INTERVAL_MS = 15 * 60_000;

/** How seldom a sensor asks that waits for a person. */
const AWAITING_INTERVAL_MS = 60_000;

const REFUSED_STATES: Partial<Record<ProblemCode, Cycle["state"]>> = {
  "sensor-unknown": "unknown-to-server",
  "sensor-blocked": "blocked",
  "sensor-awaiting-approval": "awaiting-approval",
};

export interface Cycle {
  state: SensorStatusFile["state"];
  problem: string | null;
  result: ReportResult | undefined;
  /** How long the server wants to be left alone. */
  retryAfterMs: number;
}

export interface RunOptions {
  stateDir: string;
  identity: EnrolledIdentity;
  collect: () => Promise<Collected>;
  signal: AbortSignal;
  onCycle: (cycle: Cycle, nextMs: number) => void;
  /** The clock between two cycles. */
  pause?: typeof wait;
}

/** Runs cycles until the signal is aborted. */
export async function run(options: RunOptions): Promise<void> {
  const { pause = wait } = options;
  const cycle = openCycle(options);
  let failures = 0;
  while (!options.signal.aborted) {
    const outcome = await cycle();
    if (options.signal.aborted) return;
    failures = outcome.state === "server-unreachable" ? failures + 1 : 0;
    const nextMs = pauseAfter(outcome, failures);
    options.onCycle(outcome, nextMs);
    await pause(nextMs, options.signal);
  }
}

function pauseAfter({ state, result, retryAfterMs }: Cycle, failures: number): number {
  // Spread by a tenth to either side, and never less than was asked for.
  if (state === "server-unreachable")
    return retryAfterMs > 0 ? jitteredMs(retryAfterMs / 0.9) : backOffMs(failures);
  if (state === "awaiting-approval") return jitteredMs(AWAITING_INTERVAL_MS);
  return jitteredMs(result ? result.checkInIntervalSeconds * 1000 : REFUSED_INTERVAL_MS);
}

/** One cycle after another on one connection, which keeps what it learnt of the server's clock. */
export function openCycle({
  stateDir,
  identity,
  collect,
  signal,
  isLast = false,
}: Omit<RunOptions, "onCycle" | "pause"> & { isLast?: boolean }): () => Promise<Cycle> {
  const connection = connect(identity.server, privateKeyOf(identity), identity.sensorId);
  return async () => {
    const outcome = await attempt(async () => report(connection, await collect(), signal));
    const at = new Date().toISOString();
    const before = readStatus(stateDir);
    // A disk that is full must not stop the reports: what `status` shows is then older.
    try {
      writeStatus(stateDir, {
        state: outcome.state,
        at,
        ...(isLast ? {} : { overdueAt: overdueAfter(at, outcome) }),
        lastCheckInAt: outcome.result ? at : (before?.lastCheckInAt ?? null),
        problem: outcome.problem,
        failedCategories: outcome.result?.failed ?? before?.failedCategories ?? [],
      });
    } catch (error) {
      outcome.problem ??= `the status could not be written: ${(error as Error).message}`;
    }
    return outcome;
  };
}

function overdueAfter(at: string, { result, retryAfterMs }: Cycle): string {
  const intervalMs = result ? result.checkInIntervalSeconds * 1000 : REFUSED_INTERVAL_MS;
  return new Date(Date.parse(at) + 2 * Math.max(intervalMs, retryAfterMs)).toISOString();
}

async function attempt(work: () => Promise<ReportResult>): Promise<Cycle> {
  try {
    return { state: "connected", problem: null, result: await work(), retryAfterMs: 0 };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Refused) {
      const state = REFUSED_STATES[error.problem.code] ?? "refused";
      return { state, problem: message, result: undefined, retryAfterMs: 0 };
    }
    if (error instanceof Unreachable) {
      return {
        state: "server-unreachable",
        problem: message,
        result: undefined,
        retryAfterMs: error.retryAfterMs,
      };
    }
    throw error;
  }
}
