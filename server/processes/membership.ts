// What a process has in common with the other processes of its server.
import type { Logger } from "pino";
import type { TlsState } from "../certificates/server-tls.ts";
import type { JobRuns } from "../jobs.ts";
import { type AttemptCounts, countAttempts } from "../users/rate-limit.ts";
import { type OtherProcess, openOtherProcesses } from "./first-process.ts";
import { joinMetrics } from "./metrics-text.ts";
import type { FirstProcess } from "./other-process.ts";
import type { Beginning, OtherAnswers } from "./questions.ts";

export type Role =
  /** `command`: that of another process. */
  | { type: "first"; command: string[]; count: number }
  | { type: "other"; number: number; beginning: Beginning; first: FirstProcess };

/** Another process that shares the ports. */
export interface Sharer {
  add(tls: TlsState): Promise<void>;
  dropEarlier(): Promise<void>;
}

/** The parts of this process that the others use, when it listens. */
export interface OwnParts {
  log: Logger;
  readMetrics: OtherAnswers["metrics"];
  jobs: () => JobRuns[];
  beginning: () => Beginning;
  addCertificate: OtherAnswers["addCertificate"];
  dropEarlier: OtherAnswers["dropEarlier"];
}

export interface Membership {
  /** undefined: the server is one process. */
  number: number | undefined;
  attempts: AttemptCounts;
  /** `own`: the metrics of this process. Returns those of all. */
  readMetrics(own: () => Promise<string>): Promise<string>;
  /** `own`: the jobs of this process. Returns those of the first process, which has most of them. */
  readJobs(own: () => JobRuns[]): Promise<JobRuns[]>;
  sharers(): Sharer[];
  /** The first process starts the others. Resolves when they listen. */
  join(own: OwnParts): Promise<void>;
  /** The first process ends the others, after their requests. */
  leave(): Promise<void>;
}

/** Another process may be stuck. The metrics are then those of the others. */
const METRICS_TIMEOUT_MS = 3_000;

export function openMembership(role: Role, now: () => number): Membership {
  return role.type === "first" ? membershipOfFirst(role, now) : membershipOfOther(role);
}

function membershipOfFirst({ command, count }: Role & { type: "first" }, now: () => number): Membership {
  const attempts = countAttempts(now);
  if (count === 1) {
    return {
      number: undefined,
      attempts,
      readMetrics: (own) => own(),
      readJobs: async (own) => own(),
      sharers: () => [],
      join: async () => {},
      leave: async () => {},
    };
  }
  let others: ReturnType<typeof openOtherProcesses> | undefined;
  async function readMetrics(own: () => Promise<string>): Promise<string> {
    const asked = (others?.ready() ?? []).map(({ ask }) => ask("metrics", null, METRICS_TIMEOUT_MS));
    const texts = await Promise.allSettled([own(), ...asked]);
    return joinMetrics(texts.flatMap((text) => (text.status === "fulfilled" ? text.value : [])));
  }
  return {
    number: 1,
    attempts,
    readMetrics,
    readJobs: async (own) => own(),
    sharers: () => (others?.ready() ?? []).map(sharerOf),
    async join({ log, beginning, readMetrics: own, jobs }) {
      others = openOtherProcesses({
        ...{ command, count, log },
        answers: {
          begin: beginning,
          metrics: () => readMetrics(() => own(null)),
          jobs,
          beginAttempt: (keys) => attempts.begin(keys),
          endAttempt: ({ keys, outcome }) => attempts.end(keys, outcome),
        },
        onReady: (other, chain) => void bringUpToDate(other, chain, beginning().tls, log),
      });
      await others.start();
    },
    leave: async () => await others?.stop(),
  };
}

/** The certificate may have changed between the start of a process and its first connection. */
async function bringUpToDate(
  other: OtherProcess,
  chain: string | null,
  tls: TlsState | undefined,
  log: Logger,
): Promise<void> {
  if (!tls || chain === tls.certificate.chain) return;
  try {
    const sharer = sharerOf(other);
    await sharer.add(tls);
    await sharer.dropEarlier();
  } catch (error) {
    log.warn({ err: error, process: other.number }, "a process of the server has an earlier certificate");
  }
}

function sharerOf({ ask }: OtherProcess): Sharer {
  return {
    add: (tls) => ask("addCertificate", tls),
    dropEarlier: () => ask("dropEarlier", null),
  };
}

function membershipOfOther({ number, beginning, first }: Role & { type: "other" }): Membership {
  return {
    number,
    attempts: {
      begin: (keys) => first.ask("beginAttempt", keys),
      end: (keys, outcome) => first.ask("endAttempt", { keys, outcome }),
    },
    readMetrics: () => first.ask("metrics", null),
    readJobs: () => first.ask("jobs", null),
    sharers: () => [],
    async join({ readMetrics, addCertificate, dropEarlier }) {
      first.answer({ metrics: readMetrics, addCertificate, dropEarlier });
      await first.ask("ready", beginning.tls?.certificate.chain ?? null);
    },
    leave: async () => {},
  };
}
