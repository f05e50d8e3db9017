// The listening sockets of the host: from inet_diag where the kernel and the runtime permit it, otherwise
// from the tables in /proc/net. Those in the network namespaces of containers are not the host's.
import { CannotRead } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { diagnoseListeningSockets } from "./inet-diag.ts";
import type { DiagnosedSocket } from "./netlink.ts";
import { type ListeningSocket, parseSctpEndpoints, parseSocketTable } from "./proc-net.ts";

const TABLES = ["tcp", "udp", "udplite", "dccp"] as const;
const MAX_TABLE_BYTES = 128 * 1024 * 1024;
const NET = "/sys/class/net";

export async function readListeningSockets(files: HostFiles): Promise<ListeningSocket[]> {
  // If the host is mounted, /proc/net belongs to the network of this process, but process 1 has the host's.
  const folder = !files.isLive && files.exists("/proc/1/net/tcp") ? "/proc/1/net" : "/proc/net";
  const diagnosed = files.sharesNetwork ? await diagnoseListeningSockets() : undefined;
  const sockets: ListeningSocket[] = [];
  if (diagnosed) {
    const names = interfaceNames(files);
    for (const protocol of ["tcp", "udp"] as const)
      for (const socket of diagnosed[protocol])
        if (socket.port > 0) sockets.push({ protocol, ...describe(socket, names) });
  }
  let isReadable = diagnosed !== undefined;
  for (const protocol of TABLES) {
    if (diagnosed && (protocol === "tcp" || protocol === "udp")) continue;
    for (const name of [protocol, `${protocol}6`]) {
      const text = readTable(files, `${folder}/${name}`);
      isReadable ||= text !== undefined;
      for (const socket of parseSocketTable(text ?? "", protocol)) sockets.push(socket);
    }
  }
  for (const socket of parseSctpEndpoints(readTable(files, `${folder}/sctp/eps`) ?? "")) sockets.push(socket);
  if (!isReadable) throw new CannotRead(folder, "the kernel shows no socket table there", "unreadable");
  return diagnosed ? sockets : withIpv6Only(sockets);
}

function readTable(files: HostFiles, path: string): string | undefined {
  return files.exists(path) ? files.readText(path, MAX_TABLE_BYTES) : undefined;
}

function describe(
  { address, port, inode, interfaceIndex, ipv6Only }: DiagnosedSocket,
  names: Map<number, string>,
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

/**
 * The tables do not have this fact. But a port of TCP on `0.0.0.0` can only be in use beside one on `::` that
 * does not accept IPv4.
 */
function withIpv6Only(sockets: readonly ListeningSocket[]): ListeningSocket[] {
  const ports = new Set(
    sockets.flatMap(({ protocol, address, port }) =>
      protocol === "tcp" && address === "0.0.0.0" ? port : [],
    ),
  );
  return sockets.map((socket) =>
    socket.protocol === "tcp" && socket.address === "::" && ports.has(socket.port)
      ? { ...socket, ipv6Only: true }
      : socket,
  );
}
