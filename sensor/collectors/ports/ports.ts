// Listening ports as in `ss -ltun`, from the kernel's lists, with one item for each address, interface and
// port.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import { factText, optionalFact } from "../collector.ts";
import { openNameList, openPairs } from "../compact-lists.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { openLongList } from "../long-list.ts";
import { openNumberIndex } from "../number-index.ts";
import { openUserNames } from "../users/user-names.ts";
import { hiddenProcesses } from "./hidden-processes.ts";
import { readListeningSockets } from "./listening-sockets.ts";
import type { ListeningSocket } from "./proc-net.ts";
import { findSocketProcesses, type SocketProcesses } from "./socket-processes.ts";

type Port = Item<"ports">;

const MAX_PROCESSES = 1_000;
/** Sockets whose processes are looked for. */
const MAX_INODES = 200_000;

/** The first ones are held until their processes are known. The rest is only counted. */
export async function collectPorts(files: HostFiles): Promise<Iterable<Port>> {
  const sockets = (await readListeningSockets(files))[Symbol.iterator]();
  const held = openHeldSockets();
  let next = sockets.next();
  for (; !next.done && held.count() < MAX_ITEMS; next = sockets.next()) held.add(next.value);
  if (held.inodes.size >= MAX_INODES)
    files.noteGap({
      kind: "limit",
      subject: "sockets",
      reason: `the processes of ${MAX_INODES} are looked for`,
    });
  const found = await findSocketProcesses(files, held.inodes, openUserNames(files));
  return listItems();

  function* listItems(): Generator<Port> {
    let hidden: Port["processesHidden"] | null = null;
    for (const { item, inodes } of held.drain()) {
      const all = processesOf(inodes, found);
      item.processes = [...firstOf(files, `processes of ${item.key}`, all, MAX_PROCESSES)];
      if (item.processes.length === 0) {
        if (hidden === null) hidden = hiddenProcesses(files, found);
        item.processesHidden = hidden;
      }
      yield item;
    }
    for (; !next.done; next = sockets.next()) {
      const { protocol, address, port } = next.value;
      yield { key: keyOf(next.value), protocol, address, port, processes: [] };
    }
  }
}

/** One item for each key, with the inodes of its sockets. A host may have many. */
function openHeldSockets() {
  const items = openLongList<Port>();
  const keys = openNameList();
  const byKey = openNumberIndex((nth) => keys.find(nth) ?? "");
  const inodesOf = openPairs();
  const inodes = new Set<number>();
  const acceptIpv4 = new Set<number>();
  return {
    inodes: inodes as ReadonlySet<number>,
    count: items.count,
    add(socket: ListeningSocket): void {
      const key = keyOf(socket);
      let [nth] = byKey.find(key);
      if (nth === undefined) {
        nth = items.count();
        items.push(portItem(socket));
        keys.add(key);
        byKey.add();
      }
      // With SO_REUSEPORT, several sockets share an address, often in one process.
      if (socket.ipv6Only === false) acceptIpv4.add(nth);
      if (socket.inode === 0 || inodes.size >= MAX_INODES) return;
      inodes.add(socket.inode);
      inodesOf.add(nth, socket.inode);
    },
    *drain(): Generator<{ item: Port; inodes: number[] }> {
      const ofItem = inodesOf.close(items.count());
      let nth = 0;
      for (const item of items.drain()) {
        if (acceptIpv4.has(nth)) item.ipv6Only = false;
        yield { item, inodes: ofItem(nth) };
        nth += 1;
      }
    },
  };
}

function processesOf(inodes: readonly number[], { processes }: SocketProcesses): Port["processes"] {
  const byPid = new Map<number, Port["processes"][number]>();
  for (const inode of inodes) for (const each of processes.get(inode) ?? []) byPid.set(each.pid, each);
  return [...byPid.values()].sort((left, right) => left.pid - right.pid);
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

/** `udp/0.0.0.0%eth0:68`, as ss prints it. The address has only digits and marks. */
function keyOf({ protocol, address, port, device }: ListeningSocket): string {
  const bound = device === undefined ? address : `${address}%${factText(device, 90)}`;
  return `${protocol}/${address.includes(":") ? `[${bound}]` : bound}:${port}`;
}
