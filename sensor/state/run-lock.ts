// Locks of a state folder. Only one program at a time may report with it: two would take turns with one key,
// like a cloned host. And only one at a time may change the identity: enroll and unenroll do so while a
// sensor runs.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { SensorError } from "../sensor-error.ts";
import { createFileAtomically } from "./atomic-file.ts";

const POLL_MS = 10;
/** Much longer than writing an identity takes. */
const IDENTITY_WAIT_MS = 10_000;

/**
 * Throws SensorError if another running program has the lock. Succeeds without a lock file if the folder is
 * not writable.
 */
export function lockStateDir(stateDir: string): Disposable {
  const lock = tryLock(join(stateDir, "run.lock"));
  if ("lock" in lock) return lock.lock;
  throw new SensorError(
    "failed",
    `Cannot run sensor: another attacklens-sensor (process ${lock.holder}) is running with ${stateDir}`,
    "stop that process first, or use another folder with --state",
  );
}

/** Waits for another process that changes the identity. Throws SensorError after a timeout. */
export function lockIdentity(stateDir: string): Disposable {
  const path = join(stateDir, "identity.lock");
  const deadline = performance.now() + IDENTITY_WAIT_MS;
  for (;;) {
    const lock = tryLock(path);
    if ("lock" in lock) return lock.lock;
    if (performance.now() > deadline)
      throw new SensorError(
        "failed",
        `Cannot change the identity in ${stateDir}: process ${lock.holder} has locked it`,
        `repeat the command; if that process is not attacklens-sensor, remove ${path} first`,
      );
    Bun.sleepSync(POLL_MS);
  }
}

/** The lock, or the id of the process that has it. */
function tryLock(path: string): { lock: Disposable } | { holder: string } {
  const mine = `${process.pid} ${startOf(process.pid) ?? ""}`;
  for (let tries = 0; tries < 3; tries++) {
    try {
      createFileAtomically(path, mine);
      return { lock: { [Symbol.dispose]: () => rmSync(path, { force: true }) } };
    } catch (error) {
      if (errnoCode(error) !== "EEXIST") return { lock: { [Symbol.dispose]: () => {} } };
    }
    const [pid = "", startedAt = ""] = readHolder(path).split(" ");
    if (isAlive(Number(pid), startedAt)) return { holder: pid };
    rmSync(path, { force: true });
  }
  return { lock: { [Symbol.dispose]: () => {} } };
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Whether the process that wrote the file is still running, and not another one with the same id. */
function isAlive(pid: number, startedAt: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoCode(error) !== "EPERM") return false;
  }
  return (startOf(pid) ?? "") === startedAt;
}

/**
 * When the process started, in clock ticks since the system booted (proc_pid_stat(5), field 22); undefined
 * without /proc.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
