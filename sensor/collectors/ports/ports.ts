// Listening ports as in `ss -ltun`, from the kernel's lists, with one item for each address, interface and
// port.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { parsePasswd } from "../users/passwd.ts";
import { hiddenProcesses } from "./hidden-processes.ts";
import { readListeningSockets } from "./listening-sockets.ts";
import type { ListeningSocket } from "./proc-net.ts";
import { findSocketProcesses } from "./socket-processes.ts";

const MAX_PROCESSES = 1_000;

export async function collectPorts(files: HostFiles): Promise<Item<"ports">[]> {
  const sockets = await readListeningSockets(files);
  const users = parsePasswd(files.findText("/etc/passwd") ?? "");
  // If a uid has several names, programs show the first one.
  const userNames = new Map(users.reverse().map((user) => [user.uid, user.name]));
  const inodes = new Set(sockets.flatMap(({ inode }) => (inode === 0 ? [] : inode)));
  const found = await findSocketProcesses(files, inodes, userNames);

  const items = new Map<string, Item<"ports">>();
  for (const socket of sockets) {
    const { protocol, port, inode, ipv6Only } = socket;
    const key = keyOf(socket);
    const item = items.get(key) ?? {
      key,
      protocol,
      address: factText(socket.address, 60),
      port,
      ipv6Only,
      device: optionalFact(socket.device, 90),
      processes: [],
    };
    items.set(key, item);
    // With SO_REUSEPORT, several sockets share an address, often in one process.
    if (ipv6Only === false) item.ipv6Only = false;
    const known = new Set(item.processes.map(({ pid }) => pid));
    for (const each of found.processes.get(inode) ?? []) if (!known.has(each.pid)) item.processes.push(each);
    item.processes.splice(MAX_PROCESSES);
  }
  for (const item of items.values()) {
    item.processes.sort((left, right) => left.pid - right.pid);
    if (item.processes.length === 0) item.processesHidden = hiddenProcesses(files, found);
  }
  return [...items.values()];
}

/** `udp/0.0.0.0%eth0:68`, as ss prints it. */
function keyOf({ protocol, address, port, device }: ListeningSocket): string {
  const bound = device === undefined ? address : `${address}%${factText(device, 90)}`;
  return factText(`${protocol}/${address.includes(":") ? `[${bound}]` : bound}:${port}`, 220);
}
