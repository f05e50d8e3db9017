// Why no process of a socket is known.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import type { SocketProcesses } from "./socket-processes.ts";

/** The inode of the first pid namespace (include/linux/proc_ns.h). */
const INITIAL_NAMESPACE = "pid:[4026531836]";
const CAP_SYS_PTRACE = 1n << 19n;

/** Undefined for a captured tree. */
export function hiddenProcesses(
  files: HostFiles,
  { isComplete, isDenied }: Pick<SocketProcesses, "isComplete" | "isDenied">,
): Item<"ports">["processesHidden"] {
  if (!files.isRunning) return undefined;
  if (process.geteuid?.() !== 0) return "not-root";
  if (isDenied || !canLookAtProcesses(files)) return "not-permitted";
  const namespace = files.findLink("/proc/1/ns/pid");
  if (namespace !== undefined && namespace !== INITIAL_NAMESPACE) return "other-pid-namespace";
  return isComplete ? "kernel" : "limit";
}

/** Root of a container may lack this right. */
function canLookAtProcesses(files: HostFiles): boolean {
  const rights = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(files.findText("/proc/self/status") ?? "")?.[1];
  return rights === undefined || (BigInt(`0x${rights}`) & CAP_SYS_PTRACE) !== 0n;
}
