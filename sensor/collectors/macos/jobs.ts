// Work that launchd starts at times.
import { factText, optionalFact } from "../collector.ts";
import type { Job } from "../jobs/job.ts";
import type { LaunchdJob } from "./launchd.ts";

export function scheduledJobs(jobs: readonly LaunchdJob[]): Job[] {
  return jobs
    .filter(({ schedule }) => schedule.length > 0)
    .map(({ label, program, user, isEnabled, schedule, file }) => ({
      kind: "launchd" as const,
      name: factText(label, 300),
      schedule: schedule.map((time) => factText(time, 300)),
      enabled: isEnabled,
      user: optionalFact(user, 250),
      program: optionalFact(program, 1_000),
      source: factText(file, 1_000),
    }));
}
