// The listening sockets of the host: from inet_diag where the kernel and the runtime permit it, otherwise
// from the tables in /proc/net. Those in the network namespaces of containers are not the host's.
import { CannotRead, NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { diagnoseListeningSockets } from "./inet-diag.ts";
import type { DiagnosedSocket } from "./netlink.ts";
import { type ListeningSocket, parseSctpEndpoints, parseSocketTable } from "./proc-net.ts";
import { readTableLines } from "./table-lines.ts";

const TABLES = ["tcp", "udp", "udplite", "dccp"] as const;
const NET = "/sys/class/net";

/** Throws CannotRead if the kernel shows no list. */
export async function readListeningSockets(files: HostFiles): Promise<Iterable<ListeningSocket>> {
  const diagnosed = files.sharesNetwork ? await diagnoseListeningSockets() : undefined;
  // If the host is mounted, /proc/net belongs to the network of this process, but process 1 has the host's.
  const folder = !files.isLive && files.exists("/proc/1/net/tcp") ? "/proc/1/net" : "/proc/net";
  if (diagnosed === undefined && !TABLES.some((name) => files.exists(`${folder}/${name}`))) {
    // An image and a captured tree have no sockets.
    if (!files.isRunning) throw new NotOnThisHost("the host does not run");
    throw new CannotRead(folder, "the kernel shows no socket table there", "unreadable");
  }
  return listSockets(files, folder, diagnosed);
}

function* listSockets(
  files: HostFiles,
  folder: string,
  diagnosed: Awaited<ReturnType<typeof diagnoseListeningSockets>>,
): Generator<ListeningSocket> {
  if (diagnosed) {
    const names = interfaceNames(files);
    for (const protocol of ["tcp", "udp"] as const)
      for (const socket of diagnosed[protocol])
        if (socket.port > 0) yield { protocol, ...describe(socket, names) };
  }
  for (const protocol of TABLES) {
    if (diagnosed && (protocol === "tcp" || protocol === "udp")) continue;
    const ports = new Set<number>();
    for (const socket of parseSocketTable(readTableLines(files, `${folder}/${protocol}`), protocol)) {
      if (socket.address === "0.0.0.0") ports.add(socket.port);
      yield socket;
    }
    for (const socket of parseSocketTable(readTableLines(files, `${folder}/${protocol}6`), protocol)) {
      // The table does not have this fact. But a port of TCP can only be in use on 0.0.0.0 beside one on ::
      // that does not accept IPv4.
      const isOnlyIpv6 = protocol === "tcp" && socket.address === "::" && ports.has(socket.port);
      yield isOnlyIpv6 ? { ...socket, ipv6Only: true } : socket;
    }
  }
  yield* parseSctpEndpoints(readTableLines(files, `${folder}/sctp/eps`));
}

function describe(
  { address, port, inode, interfaceIndex, ipv6Only }: DiagnosedSocket,
  names: ReadonlyMap<number, string>,
) {
  return {
    ...{ address, port, inode },
    ipv6Only: address === "::" ? ipv6Only : undefined,
    device: interfaceIndex === 0 ? undefined : (names.get(interfaceIndex) ?? `if${interfaceIndex}`),
  };
}

function interfaceNames(files: HostFiles): Map<number, string> {
  return new Map(
    files.list(NET).flatMap((name) => {
      const index = Number(
        files.exists(`${NET}/${name}/ifindex`) && files.findLine(`${NET}/${name}/ifindex`),
      );
      return index > 0 ? [[index, name] as const] : [];
    }),
  );
}
