// Listening ports as in `ss -ltun`, from the kernel's tables, with one item for each address and port.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { parsePasswd } from "../users/passwd.ts";
import { type ListeningSocket, parseSocketTable } from "./proc-net.ts";
import { findSocketProcesses } from "./socket-processes.ts";

const TABLES = [
  { name: "tcp", protocol: "tcp" },
  { name: "tcp6", protocol: "tcp" },
  { name: "udp", protocol: "udp" },
  { name: "udp6", protocol: "udp" },
] as const;
const MAX_TABLE_BYTES = 256 * 1024 * 1024;
const MAX_PROCESSES = 1_000;

export async function collectPorts(files: HostFiles): Promise<Item<"ports">[]> {
  const sockets = readListeningSockets(files);
  const users = parsePasswd(files.findText("/etc/passwd") ?? "");
  // If a uid has several names, programs show the first one.
  const userNames = new Map(users.reverse().map((user) => [user.uid, user.name]));
  const processes = await findSocketProcesses(files, new Set(sockets.map(({ inode }) => inode)), userNames);

  const items = new Map<string, Item<"ports">>();
  for (const { protocol, address, port, inode } of sockets) {
    const key = `${protocol}/${address.includes(":") ? `[${address}]` : address}:${port}`;
    const item = items.get(key) ?? { key, protocol, address, port, processes: [] };
    items.set(key, item);
    // With SO_REUSEPORT, several sockets share an address, often in one process.
    for (const found of processes.get(inode) ?? [])
      if (!item.processes.some(({ pid }) => pid === found.pid)) item.processes.push(found);
  }
  for (const item of items.values()) {
    item.processes.sort((left, right) => left.pid - right.pid);
    item.processes.splice(MAX_PROCESSES);
  }
  return [...items.values()];
}

function readListeningSockets(files: HostFiles): ListeningSocket[] {
  // If the host is mounted, /proc/net belongs to the network of this process, but process 1 has the host's.
  const folder = !files.isLive && files.exists("/proc/1/net/tcp") ? "/proc/1/net" : "/proc/net";
  const texts = TABLES.map(({ name, protocol }) => ({
    protocol,
    text: files.readText(`${folder}/${name}`, MAX_TABLE_BYTES),
  }));
  if (texts.every(({ text }) => text === undefined))
    throw new Error(`Cannot read ${folder}: the kernel shows no socket table there`);
  return texts.flatMap(({ text, protocol }) => parseSocketTable(text ?? "", protocol));
}
