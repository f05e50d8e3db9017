// What the parts of an update share: where it happens, and the record of it, in memory and on the disk.

import type { InstalledPaths } from "@attacklens/protocol/installed-paths.ts";
import { toPlainText } from "@attacklens/protocol/plain-text.ts";
import type { UpdateState } from "@attacklens/protocol/updates.ts";
import type { UpdateOffer } from "../reporting/update-offer.ts";
import { LONGEST_TRIAL_MINUTES } from "../service/systemd-unit.ts";
import { tryLockInstallation } from "../state/run-lock.ts";
import { systemReason } from "../system-reason.ts";
import { wait } from "../transport/back-off.ts";
import { readUpdateRecord, type Trial, type UpdateRecord, writeUpdateRecord } from "./update-record.ts";

const MAX_REASON = 500;

export interface UpdateOptions {
  paths: InstalledPaths;
  /** Who starts a trial. */
  by: Trial["by"];
  /** The running build. */
  release: string;
  target: string;
  /** The real path of the running program. */
  program: string;
  rootKeys: readonly string[];
  /** The proxy from the environment, for an identity without one. */
  proxy: string | undefined;
  /** Writes a line of the sensor's log. */
  log: (line: string) => void;
  random?: () => number;
  /** How long a trial without systemd may take. */
  longestTrialMs?: number;
  /** Waits before and between attempts. */
  pause?: typeof wait;
}

export type UpdateContext = ReturnType<typeof openUpdateContext>;

export function openUpdateContext(options: UpdateOptions) {
  const { paths, log } = options;
  const ended = new AbortController();
  let record = readUpdateRecord(paths.stateDir);
  let clockOffsetMs = 0;
  return {
    ...{ random: Math.random, pause: wait, longestTrialMs: LONGEST_TRIAL_MINUTES * 60_000, ...options },
    record: () => record,
    /** Throws the system's error. The record in memory then stays as it was. */
    save(next: UpdateRecord): void {
      writeUpdateRecord(paths.stateDir, next);
      record = next;
    },
    /** The disk may be full: the server learns of the change nevertheless. */
    change(next: UpdateRecord): void {
      record = next;
      try {
        writeUpdateRecord(paths.stateDir, next);
      } catch (error) {
        log(`update: the record cannot be written: ${systemReason(error)}`);
      }
    },
    /** The record with the attempt that the server learns of. */
    withAttempt(offer: UpdateOffer, state: UpdateState, reason?: string): UpdateRecord {
      const { version, attempt } = offer;
      const at = new Date(Date.now() + clockOffsetMs).toISOString();
      const text = reason === undefined ? {} : { reason: toPlainText(reason, MAX_REASON) };
      return { ...record, attempt: { version, attempt, state, ...text, at } };
    },
    /** Milliseconds, after correction by the server's clock. */
    now: () => Date.now() + clockOffsetMs,
    noteClock(offsetMs: number): void {
      clockOffsetMs = offsetMs;
    },
    /** Aborted when this process should end, so that another version runs. */
    ended: ended.signal,
    end: () => ended.abort(),
    /** Keeps `install` and `uninstall` away. Undefined: one of them runs. */
    tryLock: () => tryLockInstallation(paths.stateDir),
  };
}
