// One program reports with a state folder at a time: two would take turns with one key, as two hosts do.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SensorError } from "../sensor-error.ts";

/** Throws SensorError when another program that runs holds the folder. A folder that cannot be written is held all the same. */
export function lockStateDir(stateDir: string): Disposable {
  const path = join(stateDir, "run.lock");
  const mine = `${process.pid} ${startOf(process.pid) ?? ""}`;
  for (let tries = 0; tries < 3; tries++) {
    try {
      writeFileSync(path, mine, { flag: "wx", mode: 0o600 });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return { [Symbol.dispose]: () => {} };
    }
    const [pid = "", startedAt = ""] = readHolder(path).split(" ");
    if (isAlive(Number(pid), startedAt)) {
      throw new SensorError(
        "failed",
        `Cannot run sensor: another attacklens-sensor (process ${pid}) reports from ${stateDir}`,
        "stop that one first, or use another folder with --state",
      );
    }
    rmSync(path, { force: true });
  }
  return { [Symbol.dispose]: () => {} };
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Whether the process that wrote the file runs still, and its number was not given to another since. */
function isAlive(pid: number, startedAt: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return (startOf(pid) ?? "") === startedAt;
}

/** When the process started, in clock ticks since instance (proc_pid_stat(5), field 22); undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
