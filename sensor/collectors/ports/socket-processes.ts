// Which processes hold a socket: each open file of a process is a link such as `socket:[12345]` below
// /proc/PID/fd. To read a link takes the kernel some microseconds, and a host can have 100,000. So processes
// with few open files come first, and of many copies of one program only some are read link by link. A copy
// has its sockets where the others have them: fork(2) keeps the numbers of open files.
import { factText, giveWay, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

export interface SocketProcess {
  pid: number;
  name: string;
  executable?: string;
  user?: string;
}

export interface SocketProcesses {
  /** By the inode of the socket, each sorted by pid. */
  processes: Map<number, SocketProcess[]>;
  /** All links of all processes were read, or each socket has a process. */
  isComplete: boolean;
  /** The links of some processes must not be read. */
  isDenied: boolean;
}

const PROCESSES_PER_TURN = 25;
/** A process with so many open files is always read. */
const FEW = 32;
/** So many copies of one program are read. */
const COPIES = 8;
/** Of each further copy: the first open files, and those where others have a socket. */
const PROBED = 8;
const MAX_PROBED = 64;
/** If the kernel shows none of so many links, it shows no other one. */
const SAMPLE = 3;
/** Of one process. A program opens its sockets before those of its clients. */
const MAX_LINKS = 4_096;
/** Of all processes with more than few. */
const MAX_ALL_LINKS = 60_000;

/** Skips processes that the sensor has no permission to read. */
export async function findSocketProcesses(
  files: HostFiles,
  inodes: ReadonlySet<number>,
  userName: (uid: number) => string | undefined,
): Promise<SocketProcesses> {
  const processes = new Map<number, SocketProcess[]>();
  if (inodes.size === 0) return { processes, isComplete: true, isDenied: false };
  const missing = new Set(inodes);
  const numbers = new Set(Array.from({ length: PROBED }, (_, number) => String(number)));
  const copies = new Map<string, number>();
  let linksLeft = MAX_ALL_LINKS;
  let isComplete = true;
  let isDenied = false;
  const all = listProcesses(files);
  for (const [index, { pid, openFiles }] of all.entries()) {
    if (index % PROCESSES_PER_TURN === PROCESSES_PER_TURN - 1) await giveWay();
    const folder = `/proc/${pid}/fd`;
    const held = new Set<number>();
    const look = (number: string) => {
      const link = files.findLink(`${folder}/${number}`);
      const inode = socketInode(link);
      if (inode !== undefined && inodes.has(inode)) {
        held.add(inode);
        if (numbers.size < MAX_PROBED) numbers.add(number);
      }
      return link !== undefined;
    };
    if (openFiles > FEW && (missing.size === 0 || linksLeft <= 0 || isFurtherCopy(files, pid, copies))) {
      for (const number of numbers) look(number);
      if (held.size === 0) {
        isComplete = false;
        continue;
      }
    }
    const links = files.list(folder);
    if (links.length > FEW) linksLeft -= links.length;
    if (links.length > MAX_LINKS) isComplete = false;
    links.sort((left, right) => Number(left) - Number(right));
    // The kernel may show the numbers of the open files of a process, and none of the links.
    if (links.length > 0 && !links.slice(0, SAMPLE).some(look) && files.exists(folder)) {
      isDenied = true;
      continue;
    }
    for (const number of links.slice(0, MAX_LINKS)) look(number);
    if (held.size === 0) continue;
    const found = describeProcess(files, pid, userName);
    for (const inode of held) {
      missing.delete(inode);
      const holders = processes.get(inode);
      if (holders) holders.push(found);
      else processes.set(inode, [found]);
    }
  }
  for (const holders of processes.values()) holders.sort((left, right) => left.pid - right.pid);
  return { processes, isComplete: isComplete || missing.size === 0, isDenied };
}

/** Those with few open files first. Kernel threads have none. */
function listProcesses(files: HostFiles): { pid: number; openFiles: number }[] {
  const all = files
    .list("/proc")
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map((name) => ({ pid: Number(name), openFiles: files.findStat(`/proc/${name}/fd`)?.sizeBytes ?? 0 }));
  // Linux before 6.2 does not count them there.
  const isCounted = files.isRunning && all.some(({ openFiles }) => openFiles > 0);
  const known = isCounted
    ? all.filter(({ openFiles }) => openFiles > 0)
    : all.map(({ pid }) => ({ pid, openFiles: files.list(`/proc/${pid}/fd`).length }));
  return known.sort((left, right) => left.openFiles - right.openFiles || left.pid - right.pid);
}

/** Whether enough processes of the same program with the same parent were read. */
function isFurtherCopy(files: HostFiles, pid: number, copies: Map<string, number>): boolean {
  const stat = files.findText(`/proc/${pid}/stat`) ?? "";
  const parent = stat.slice(stat.lastIndexOf(")") + 4).split(" ", 1)[0];
  const program = `${parent} ${files.findLink(`/proc/${pid}/exe`)}`;
  const count = (copies.get(program) ?? 0) + 1;
  copies.set(program, count);
  return count > COPIES;
}

function socketInode(link: string | undefined): number | undefined {
  return link?.startsWith("socket:[") ? parseCount(link.slice(8, -1)) : undefined;
}

function describeProcess(
  files: HostFiles,
  pid: number,
  userName: (uid: number) => string | undefined,
): SocketProcess {
  // The ports have changed when it ends.
  files.exists(`/proc/${pid}`);
  const status = files.findText(`/proc/${pid}/status`) ?? "";
  // Real, effective, saved and file system uid. The effective uid determines what the process may do.
  const uid = parseCount(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]);
  const executable = files.findLink(`/proc/${pid}/exe`);
  return {
    pid,
    name: factText(files.findText(`/proc/${pid}/comm`)?.replace(/\n$/, "") ?? "", 250),
    executable: optionalFact(executable?.replace(/ \(deleted\)$/, ""), 1_000),
    user: uid === undefined ? undefined : factText(userName(uid) ?? String(uid), 250),
  };
}
