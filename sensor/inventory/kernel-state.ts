// What shows at little cost that a category has changed that depends on the kernel or on processes. Linux
// only: other systems have no such files.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";

/** They depend on the kernel and on processes, so that no file shows each change. */
export const VOLATILE: readonly Category[] = ["services", "ports", "system", "network"];

const PART_BYTES = 64 * 1024;
/** The length of a line in the tables of TCP and DCCP; those of IPv6 are a bit longer. */
const LINE_BYTES = 150;
/** Reading a longer table each minute would take longer than the rest of a check-in. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const LISTEN = "0A";
const UNCONNECTED = "07";
const NET = "/sys/class/net";
/** Interfaces of containers are not reported, and come and go. */
const OF_CONTAINERS = /^(?:veth|cali|lxc(?!br)|cni|flannel|tap|vnet)/;

/**
 * A text that changes with a volatile category; for another category, always the same. Undefined: nothing
 * shows changes, so that the category is collected each time.
 */
export function kernelStateOf(category: Category, root: string): string | undefined {
  if (!VOLATILE.includes(category)) return "";
  if (process.platform !== "linux" || root !== "/") return undefined;
  try {
    const state = { services: unitsState, ports: socketsState, system: machineState, network: networkState };
    return state[category as keyof typeof state]();
  } catch {
    return undefined;
  }
}

/** systemd keeps a link for each active unit there, which begins and ends with the activation. */
function unitsState(): string {
  // The files of other init systems show all changes.
  if (lstatSync("/run/systemd/system", { throwIfNoEntry: false }) === undefined) return "no systemd";
  const { ino, mtimeMs } = lstatSync("/run/systemd/units");
  return `${ino} ${mtimeMs}`;
}

function socketsState(): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const table of ["tcp", "tcp6", "dccp", "dccp6"]) addListening(hash, table);
  for (const table of ["udp", "udp6", "udplite", "udplite6"])
    for (const { local, state, inode } of socketsIn(table, PART_BYTES))
      if (state === UNCONNECTED) hash.update(`${table} ${local} ${inode}\n`);
  hash.update(readOrEmpty("/proc/net/sctp/eps"));
  return hash.digest("hex");
}

/**
 * The kernel lists listening sockets first. To find the next connection, it searches a table of all possible
 * ones, which takes longer than all else here. So each read asks for one line.
 */
function addListening(hash: Bun.CryptoHasher, table: string): void {
  let left = inUse(table);
  if (left === 0) return;
  for (const { local, state, inode } of socketsIn(table, LINE_BYTES)) {
    if (state !== LISTEN) return;
    hash.update(`${table} ${local} ${inode}\n`);
    left -= 1;
    if (left === 0) return;
  }
}

/** How many sockets of the protocol are open. */
function inUse(table: string): number {
  const text = readOrEmpty(table.endsWith("6") ? "/proc/net/sockstat6" : "/proc/net/sockstat");
  const [, count] = new RegExp(`^${table.toUpperCase()}: inuse (\\d+)`, "m").exec(text) ?? [];
  return count === undefined ? Number.POSITIVE_INFINITY : Number(count);
}

/** Slot, local and remote address, state, queues, timers, retransmissions, uid, timeout, inode. */
function* socketsIn(table: string, partBytes: number) {
  let isHeading = true;
  for (const line of linesOf(`/proc/net/${table}`, partBytes)) {
    if (!isHeading) {
      const [, local, , state, , , , , , inode] = line.trim().split(/ +/, 10);
      yield { local, state, inode };
    }
    isHeading = false;
  }
}

/** Throws for a file that is too long. */
function* linesOf(path: string, partBytes = PART_BYTES): Generator<string> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return;
  }
  try {
    const part = Buffer.alloc(partBytes);
    let rest = "";
    for (let size = 0; size < MAX_TABLE_BYTES; ) {
      const count = readSync(file, part);
      if (count === 0) return;
      size += count;
      const lines = (rest + part.toString("latin1", 0, count)).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
  throw new Error(`${path} is too long`);
}

function machineState(): string {
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(readOrEmpty("/proc/sys/kernel/hostname"));
  // How much of a swap is in use changes all the time.
  for (const line of linesOf("/proc/swaps")) hash.update(`${line.trim().split(/\s+/, 3).join(" ")}\n`);
  hash.update(readOrEmpty("/proc/1/mountinfo") || readOrEmpty("/proc/self/mountinfo"));
  // The rest of a line counts the uses of the module.
  for (const line of linesOf("/proc/modules")) hash.update(line.slice(0, line.indexOf(" ") + 1));
  return hash.digest("hex");
}

function networkState(): string {
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(JSON.stringify(networkInterfaces()));
  hash.update(readOrEmpty("/proc/net/route"));
  for (const line of linesOf("/proc/net/ipv6_route")) {
    const fields = line.trim().split(/ +/);
    // How often a route is in use.
    fields.splice(6, 2);
    hash.update(fields.join(" "));
  }
  for (const name of readdirSync(NET).sort()) {
    if (OF_CONTAINERS.test(name)) continue;
    const [state, mtu, speed] = ["operstate", "mtu", "speed"].map((file) =>
      readOrEmpty(`${NET}/${name}/${file}`),
    );
    hash.update(`${name} ${state} ${mtu} ${speed} ${linkOf(`${NET}/${name}/master`)}\n`);
  }
  return hash.digest("hex");
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
