// Which processes hold a socket: each open file of a process is a link such as `socket:[12345]` below
// /proc/PID/fd.
import { factText, giveWay, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

export interface SocketProcess {
  pid: number;
  name: string;
  executable?: string;
  user?: string;
}

const PROCESSES_PER_TURN = 25;

/**
 * Returns the processes of each socket inode, sorted by pid. Skips processes that the sensor has no
 * permission to read.
 */
export async function findSocketProcesses(
  files: HostFiles,
  inodes: ReadonlySet<number>,
  userNames: ReadonlyMap<number, string>,
): Promise<Map<number, SocketProcess[]>> {
  const processes = new Map<number, SocketProcess[]>();
  if (inodes.size === 0) return processes;
  const pids = files.list("/proc").flatMap((name) => (/^[1-9]\d*$/.test(name) ? Number(name) : []));
  pids.sort((left, right) => left - right);
  for (const [index, pid] of pids.entries()) {
    const held = heldSockets(files, pid, inodes);
    if (held.size > 0) {
      const found = describeProcess(files, pid, userNames);
      for (const inode of held) processes.set(inode, [...(processes.get(inode) ?? []), found]);
    }
    if (index % PROCESSES_PER_TURN === PROCESSES_PER_TURN - 1) await giveWay();
  }
  return processes;
}

function heldSockets(files: HostFiles, pid: number, inodes: ReadonlySet<number>): Set<number> {
  const held = new Set<number>();
  for (const descriptor of files.list(`/proc/${pid}/fd`)) {
    const link = files.findLink(`/proc/${pid}/fd/${descriptor}`);
    const inode = link?.startsWith("socket:[") ? parseCount(link.slice(8, -1)) : undefined;
    if (inode !== undefined && inodes.has(inode)) held.add(inode);
  }
  return held;
}

function describeProcess(
  files: HostFiles,
  pid: number,
  userNames: ReadonlyMap<number, string>,
): SocketProcess {
  const status = files.findText(`/proc/${pid}/status`) ?? "";
  // Real, effective, saved and file system uid. The effective uid determines what the process may do.
  const uid = parseCount(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
  const executable = files.findLink(`/proc/${pid}/exe`);
  return {
    pid,
    name: factText(files.findText(`/proc/${pid}/comm`)?.replace(/\n$/, "") ?? "", 250),
    executable: optionalFact(executable?.replace(/ \(deleted\)$/, ""), 1_000),
    user: uid === undefined ? undefined : factText(userNames.get(uid) ?? String(uid), 250),
  };
}
