// The work that the server does on a timer: one table.
import type { Logger } from "pino";
import { emptyDeletedGroups } from "./assets/assets.ts";
import { openTextJob } from "./audit/audit-text.ts";
import { forLongWork } from "./db/long-work.ts";
import { sweepIdempotencyKeys } from "./idempotency.ts";
import type { Job } from "./jobs.ts";
import type { Services } from "./route-handler.ts";
import { removeEndedSensors } from "./sensors/ephemeral-sensors.ts";
import { mergeByRule } from "./sensors/matches/merges.ts";
import { openSilenceJob } from "./sensors/silence.ts";
import { passRings } from "./updates/fleet-counts.ts";

const MINUTE_MS = 60_000;

export function jobsOf({
  db: origin,
  reads,
  now,
  checkInIntervalSeconds,
  refusals,
  plans,
  countFleet,
  signIn,
}: Services): Job[] {
  const db = forLongWork(origin, "job");
  return [
    {
      name: "remove ended ephemeral sensors",
      intervalMs: MINUTE_MS,
      work: () => removeEndedSensors(db, now(), reads),
    },
    {
      name: "merge re-imaged hosts by rule",
      intervalMs: MINUTE_MS,
      work: () => mergeByRule(db, now(), checkInIntervalSeconds, reads),
    },
    {
      name: "remove assets from deleted asset groups",
      intervalMs: MINUTE_MS,
      work: () => emptyDeletedGroups(db),
    },
    {
      name: "find silent sensors",
      intervalMs: 5_000,
      work: openSilenceJob(db, now, checkInIntervalSeconds),
    },
    {
      name: "store the text of audit events",
      intervalMs: 5_000,
      work: openTextJob(db),
    },
    {
      name: "delete expired idempotency keys",
      intervalMs: MINUTE_MS,
      work: () => sweepIdempotencyKeys(db, now()),
    },
    {
      name: "start update rings whose earlier rings have nothing to wait for",
      intervalMs: 15_000,
      work: () => passRings(db, now(), plans, countFleet),
    },
    {
      name: "write failed sign-ins",
      intervalMs: 2_000,
      isOfProcess: true,
      work: () => signIn.flushFailures(),
    },
    // Refusals that were too many to be written immediately.
    {
      name: "write refused enrollments",
      intervalMs: 5_000,
      isOfProcess: true,
      work: () => refusals.flush(),
    },
  ];
}

/**
 * Writes the waiting refusals and failed sign-ins before the server stops. A failure loses them, but does not
 * stop the shutdown.
 */
export async function writeAllPending(
  { refusals, signIn }: Pick<Services, "refusals" | "signIn">,
  log: Logger,
): Promise<void> {
  try {
    while ((await refusals.flush()) > 0);
  } catch (error) {
    log.warn({ err: error }, "refused enrollments not written");
  }
  try {
    await signIn.flushFailures({ isLast: true });
  } catch (error) {
    log.warn({ err: error }, "failed sign-ins not written to the audit log");
  }
}
