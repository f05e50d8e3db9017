import type { JobRuns } from "../jobs.ts";

/** What a running server knows about itself. */
export interface ServerFacts {
  startedAt: number;
  processes: number;
  /** undefined: not configured. */
  publicUrl: string | undefined;
  /** Users connect by HTTPS. */
  secure: boolean;
  /** The jobs of the first process of the server. */
  readJobs(): Promise<JobRuns[]>;
}
