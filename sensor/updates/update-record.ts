// What this host knows about updates, in the state folder. Only the service writes it. A lost or damaged file
// loses no sensor: the next offer starts over.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { releaseVersion } from "@attacklens/protocol/releases/release.ts";
import { type UpdateReport, updateReport } from "@attacklens/protocol/updates.ts";
import { z } from "zod";
import { writeFileAtomically } from "../state/atomic-file.ts";
import { STAMP } from "../state/state-version.ts";

const MAX_FILE_BYTES = 64 * 1024;
/** More versions than a server offers before an operator looks. */
const MAX_FAILURES = 20;

const attempt = z.int().min(1);
const reason = z.string().max(500);

const trial = z.object({
  version: releaseVersion,
  attempt,
  /** The counter of its manifest. */
  counter: z.int().min(1),
  /** The version that runs when the trial ends. */
  from: z.string().max(40),
  /** Of the system: distinguishes a trial that never began from one that a power failure ended. */
  bootId: z.string().max(100).optional(),
  /** Who starts it: the second unit of systemd, or the sensor before it ends. */
  by: z.enum(["unit", "parent"]),
  /** How it ended without success. Absent: it may still run. */
  ended: z
    .object({
      reason,
      /**
       * Whether it counts against the version. `if-stable-connects`: the time was over, which is the fault of
       * the network if the other version cannot connect either.
       */
      counts: z.enum(["yes", "no", "if-stable-connects"]),
    })
    .optional(),
});
export type Trial = z.infer<typeof trial>;
export type TrialEnd = NonNullable<Trial["ended"]>;

const failure = z.object({
  version: releaseVersion,
  attempt,
  /** Trials that ended without success. */
  trials: z.int().min(1),
  reason,
});

// Members of a later build are ignored: an earlier one reads its file after a trial.
const updateRecord = z.object({
  /** The release that runs since an update. */
  accepted: z.object({ version: releaseVersion, counter: z.int().min(1) }).optional(),
  /** The highest serial of release keys that was ever verified here. */
  keySerial: z.int().min(1).optional(),
  /** What the sensor reports. */
  attempt: updateReport.shape.attempt,
  trial: trial.optional(),
  failures: z.array(failure).max(MAX_FAILURES).default([]),
});
export type UpdateRecord = z.infer<typeof updateRecord>;
export type UpdateAttempt = NonNullable<UpdateReport["attempt"]>;

const pathIn = (stateDir: string) => join(stateDir, "updates.json");

/** An empty record if there is none or it cannot be read. */
export function readUpdateRecord(stateDir: string): UpdateRecord {
  try {
    const path = pathIn(stateDir);
    const stat = statSync(path);
    if (stat.isFile() && stat.size <= MAX_FILE_BYTES)
      return updateRecord.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // See above.
  }
  return { failures: [] };
}

/** Throws the system's error. */
export function writeUpdateRecord(stateDir: string, record: UpdateRecord): void {
  writeFileAtomically(pathIn(stateDir), `${JSON.stringify({ ...STAMP, ...record }, null, 2)}\n`);
}

/** Two trials: the first may have ended for a reason outside of the program, e.g. a power failure. */
const MAX_TRIALS = 2;

/** Why the version is skipped on this host; undefined: it may be tried. */
export function findFailure({ failures }: UpdateRecord, offer: { version: string; attempt: number }) {
  const failed = failures.find(({ version }) => version === offer.version);
  return failed && failed.trials >= MAX_TRIALS && failed.attempt >= offer.attempt ? failed : undefined;
}

/** Counts a trial that ended without success. */
export function countFailure(
  record: UpdateRecord,
  { version, attempt }: { version: string; attempt: number },
  reason: string,
): UpdateRecord {
  const before = record.failures.find((one) => one.version === version && one.attempt === attempt);
  const others = record.failures.filter((one) => one.version !== version);
  const counted = { version, attempt, trials: (before?.trials ?? 0) + 1, reason };
  return { ...record, failures: [...others, counted].slice(-MAX_FAILURES) };
}

/** After a success: a later failure of the version counts from the start. */
export function forgetFailure(record: UpdateRecord, version: string): UpdateRecord {
  return { ...record, failures: record.failures.filter((one) => one.version !== version) };
}
