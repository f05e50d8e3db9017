// What the processes of a server ask each other. The first process starts the others.
import type { TlsState } from "../certificates/server-tls.ts";
import type { JobRuns } from "../jobs.ts";
import type { AttemptKey, AttemptOutcome } from "../users/rate-limit.ts";

/** What another process needs to begin. */
export interface Beginning {
  /** The numbers of the ports, in the order of `portsOf`. */
  ports: number[];
  tls: TlsState | undefined;
}

/** A type, not an interface: only a type has the index signature of `Answers`. */
export type FirstAnswers = {
  begin(input: null): Beginning;
  /** The process listens, with this certificate. */
  ready(chain: string | null): void;
  /** The metrics of all processes. */
  metrics(input: null): Promise<string>;
  /** The runs of the jobs of the first process. */
  jobs(input: null): JobRuns[];
  /** Returns the seconds until the next attempt is possible; null: it is counted. */
  beginAttempt(keys: AttemptKey[]): Promise<number | null>;
  endAttempt(input: { keys: AttemptKey[]; outcome: AttemptOutcome }): Promise<void>;
};

export type OtherAnswers = {
  /** The metrics of the process. */
  metrics(input: null): Promise<string>;
  /** New connections get this certificate, as soon as the first process directs them to it. */
  addCertificate(tls: TlsState): void;
  /** Stops waiting for connections with the earlier certificate. */
  dropEarlier(input: null): void;
};
