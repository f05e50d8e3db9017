// Locks of a state folder. Only one program at a time may report with it: two would take turns with one key,
// like a cloned host. And only one at a time may change the identity: enroll and unenroll do so while a
// sensor runs.
import { join } from "node:path";
import { SensorError } from "../sensor-error.ts";
import { systemReason } from "../system-reason.ts";
import { findHolder, type LockAttempt, tryLockFolder } from "./lock-folder.ts";

/** Only one command at a time installs or removes the service. */
export const INSTALLATION_LOCK = "install.lock";
const RUN_LOCK = "run.lock";
const INSTALLATION_WAIT_MS = 3_000;
const POLL_MS = 10;
/** Much longer than writing an identity takes. */
const WAIT_MS = 10_000;

/**
 * Throws SensorError if another running program has the lock. Succeeds without a lock if the folder is not
 * writable or its disk is full.
 */
export function lockStateDir(stateDir: string): Disposable {
  const heldBy = (holder: number) =>
    new SensorError(
      "failed",
      `Cannot run sensor: another attacklens-sensor (process ${holder}) is running with ${stateDir}`,
      "stop that process first, or use another folder with --state",
    );
  return lock(join(stateDir, RUN_LOCK), 0, heldBy);
}

/** Whether a sensor runs with this folder. */
export function isSensorRunning(stateDir: string): boolean {
  return findHolder(join(stateDir, RUN_LOCK)) !== undefined;
}

/** Waits for another process that changes the identity. Throws SensorError after a timeout. */
export function lockIdentity(stateDir: string): Disposable {
  const path = join(stateDir, "identity.lock");
  const heldBy = (holder: number) =>
    new SensorError(
      "failed",
      `Cannot change the identity in ${stateDir}: process ${holder} has locked it`,
      `repeat the command; if that process is not attacklens-sensor, remove ${path} first`,
    );
  return lock(path, WAIT_MS, heldBy);
}

/**
 * Waits for another command that installs or removes the service: a killed one takes a moment to end. Throws
 * SensorError after a timeout.
 */
export function lockInstallation(stateDir: string): Disposable {
  const heldBy = (holder: number) =>
    new SensorError(
      "service",
      `Cannot change the service: another attacklens-sensor (process ${holder}) is installing or removing it`,
      "wait until that process ends, then repeat the command",
    );
  return lock(join(stateDir, INSTALLATION_LOCK), INSTALLATION_WAIT_MS, heldBy);
}

/** The same lock, without waiting. Undefined: another command has it. Throws SensorError if none can. */
export function tryLockInstallation(stateDir: string): Disposable | undefined {
  const attempt = tryLock(join(stateDir, INSTALLATION_LOCK));
  return "lock" in attempt ? attempt.lock : undefined;
}

/** Waits at most `waitMs` for the holder. `heldBy` returns the error to throw then. */
function lock(path: string, waitMs: number, heldBy: (holder: number) => SensorError): Disposable {
  const startedAt = performance.now();
  for (;;) {
    const attempt = tryLock(path);
    if ("lock" in attempt) return attempt.lock;
    const waitedMs = performance.now() - startedAt;
    if ("error" in attempt) {
      if (waitedMs >= WAIT_MS) throw cannotLock(path, attempt.error);
    } else if (waitedMs >= waitMs) {
      throw heldBy(attempt.holder);
    }
    Bun.sleepSync(POLL_MS);
  }
}

function tryLock(path: string): LockAttempt {
  try {
    return tryLockFolder(path);
  } catch (error) {
    if (error instanceof SensorError) throw error;
    throw cannotLock(path, error);
  }
}

function cannotLock(path: string, error: unknown): SensorError {
  return new SensorError(
    "failed",
    `Cannot lock ${path}: ${systemReason(error)}`,
    "if no attacklens-sensor is running, remove that lock, then repeat the command",
  );
}
