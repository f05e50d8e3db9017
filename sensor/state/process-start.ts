// When a process started. A process id is used again, but not with the same start.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { openLibrary } from "../windows-library.ts";

/**
 * Digits that differ for two processes with one id. "ended" if only the exit code of the process is left, for
 * its parent. Undefined: it does not exist, or the system does not say it.
 */
export function startOfProcess(pid: number): string | undefined {
  if (pid !== process.pid) return readStart(pid);
  own ??= readStart(pid);
  return own;
}

let own: string | undefined;

function readStart(pid: number): string | undefined {
  try {
    if (process.platform === "win32") return readWindowsStart(pid);
    return process.platform === "darwin" ? readStartFromPs(pid) : readProcStart(pid);
  } catch {
    return undefined;
  }
}

/** In clock ticks since the system booted (proc_pid_stat(5), field 22). */
function readProcStart(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" ? "ended" : fields[18];
}

/** In seconds of Unix time. macOS has no file that says it, and `ps` is part of every system. */
export function readStartFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync("/bin/ps", ["-o", "lstart=", "-p", String(pid)], {
    env: { LC_ALL: "C", TZ: "UTC" },
    encoding: "utf8",
    timeout: 5_000,
  });
  const time = Date.parse(`${stdout.trim()} UTC`);
  return Number.isNaN(time) ? undefined : String(time / 1_000);
}

const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const STILL_ACTIVE = 259;

const kernel32 = openLibrary("kernel32.dll", {
  OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
  GetProcessTimes: { args: ["u64", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  GetExitCodeProcess: { args: ["u64", "ptr"], returns: "i32" },
  CloseHandle: { args: ["u64"], returns: "i32" },
});

/** In units of 100 ns since 1601 (FILETIME). */
function readWindowsStart(pid: number): string | undefined {
  const { OpenProcess, GetProcessTimes, GetExitCodeProcess, CloseHandle } = kernel32();
  const handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  if (BigInt(handle) === 0n) return undefined;
  try {
    const exitCode = new Uint32Array(1);
    if (GetExitCodeProcess(handle, exitCode) !== 0 && exitCode[0] !== STILL_ACTIVE) return "ended";
    // Creation, exit, and the time in the kernel and in the program.
    const times = new BigUint64Array(4);
    const parts = [0, 1, 2, 3].map((at) => times.subarray(at, at + 1)) as [
      BigUint64Array,
      BigUint64Array,
      BigUint64Array,
      BigUint64Array,
    ];
    return GetProcessTimes(handle, ...parts) === 0 ? undefined : String(times[0]);
  } finally {
    CloseHandle(handle);
  }
}
