// Ends this process when its parent ends, also while a collector hangs. Linux only: Windows ends the
// processes of a job, and elsewhere the end of standard input must do.
import { writeFileSync } from "node:fs";
import type { CLibrary } from "./c-library.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** The unit of systemd forbids the call of the library, and ends all processes of the service with it. */
export function endWithParent(library: CLibrary | undefined): void {
  if (process.platform !== "linux") return;
  const parent = process.ppid;
  try {
    // If memory is short, the kernel ends this process first.
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // A mount of /proc may be read-only.
  }
  library?.prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have ended before the request.
  if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
}
