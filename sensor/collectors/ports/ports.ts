// Listening ports as in `ss -ltun`, from the kernel's lists, with one item for each address, interface and
// port.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { factText, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { openUserNames } from "../users/user-names.ts";
import { hiddenProcesses } from "./hidden-processes.ts";
import { readListeningSockets } from "./listening-sockets.ts";
import type { ListeningSocket } from "./proc-net.ts";
import { findSocketProcesses } from "./socket-processes.ts";

type Port = Item<"ports">;

const MAX_PROCESSES = 1_000;

export async function collectPorts(files: HostFiles): Promise<Iterable<Port>> {
  const sockets = (await readListeningSockets(files))[Symbol.iterator]();
  const items = new Map<string, { item: Port; inodes: number[] }>();
  let next = sockets.next();
  for (; !next.done && items.size < MAX_ITEMS; next = sockets.next()) {
    const item = portItem(next.value);
    const known = items.get(item.key);
    if (known === undefined) items.set(item.key, { item, inodes: [next.value.inode] });
    else {
      // With SO_REUSEPORT, several sockets share an address, often in one process.
      if (item.ipv6Only === false) known.item.ipv6Only = false;
      if (known.inodes.length < MAX_PROCESSES) known.inodes.push(next.value.inode);
    }
  }
  await addProcesses(files, [...items.values()]);
  return listItems();

  function* listItems(): Generator<Port> {
    for (const { item } of items.values()) yield item;
    // The rest is only counted.
    for (; !next.done; next = sockets.next()) yield portItem(next.value);
  }
}

async function addProcesses(files: HostFiles, all: { item: Port; inodes: number[] }[]): Promise<void> {
  const inodes = new Set(all.flatMap((each) => each.inodes.filter((inode) => inode !== 0)));
  const found = await findSocketProcesses(files, inodes, openUserNames(files));
  let hidden: Port["processesHidden"] | null = null;
  for (const { item, inodes } of all) {
    const byPid = new Map<number, Port["processes"][number]>();
    for (const inode of inodes)
      for (const each of found.processes.get(inode) ?? []) byPid.set(each.pid, each);
    item.processes = [...byPid.values()].sort((left, right) => left.pid - right.pid).slice(0, MAX_PROCESSES);
    if (item.processes.length > 0) continue;
    if (hidden === null) hidden = hiddenProcesses(files, found);
    item.processesHidden = hidden;
  }
}

function portItem(socket: ListeningSocket): Port {
  const { protocol, port, ipv6Only } = socket;
  return {
    key: keyOf(socket),
    protocol,
    address: factText(socket.address, 60),
    port,
    ipv6Only,
    device: optionalFact(socket.device, 90),
    processes: [],
  };
}

/** `udp/0.0.0.0%eth0:68`, as ss prints it. */
function keyOf({ protocol, address, port, device }: ListeningSocket): string {
  const bound = device === undefined ? address : `${address}%${factText(device, 90)}`;
  return factText(`${protocol}/${address.includes(":") ? `[${bound}]` : bound}:${port}`, 220);
}
