// Ends this process when its parent ends, also while a collector hangs. Linux only: Windows ends the
// processes of a job, and elsewhere the end of standard input must do.
import { writeFileSync } from "node:fs";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

export async function endWithParent(): Promise<void> {
  if (process.platform !== "linux") return;
  const parent = process.ppid;
  try {
    // If memory is short, the kernel ends this process first.
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // A mount of /proc may be read-only.
  }
  await requestSignal();
  // The parent may have ended before the request.
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}

/** The unit of systemd forbids this call, and ends all processes of the service with it. */
async function requestSignal(): Promise<void> {
  const { dlopen } = await import("bun:ffi");
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, { prctl: { args: ["int", "u64"], returns: "int" } });
      symbols.prctl(PR_SET_PDEATHSIG, SIGKILL);
      return;
    } catch {
      // The other library, or none.
    }
  }
}
