// Listening sockets from the fields of lsof(8), option -F: lines that begin with the letter of a field. `p`
// begins a process, and `f` one of its open files.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import { ipVersion } from "../ip-address.ts";

type Port = Item<"ports">;

export const LSOF = {
  path: "/usr/sbin/lsof",
  args: ["-nP", "-iTCP", "-sTCP:LISTEN", "-iUDP", "-FpcLftPnT"],
};

interface Socket {
  protocol: "tcp" | "udp";
  address: string;
  port: number;
  pid: number;
}

/** `executables`: paths of programs by process id. */
export function parseLsof(text: string, executables: ReadonlyMap<number, string>): Port[] {
  const ports = new Map<string, Port>();
  const seen = new Map<Port, Set<number>>();
  let process: { pid: number; name: string; user: string } = { pid: 0, name: "", user: "" };
  let file: Record<string, string> = {};

  function endFile(): void {
    const socket = socketOf(file, process.pid);
    file = {};
    if (socket === undefined) return;
    const { protocol, address, port, pid } = socket;
    const key = `${protocol}/${address.includes(":") ? `[${address}]` : address}:${port}`;
    const item: Port = ports.get(key) ?? { key, protocol, address, port, processes: [] };
    ports.set(key, item);
    const pids = seen.get(item) ?? new Set();
    seen.set(item, pids);
    if (pids.has(pid)) return;
    pids.add(pid);
    item.processes.push({
      pid,
      name: factText(process.name, 250),
      executable: optionalFact(executables.get(pid), 1_000),
      user: optionalFact(process.user, 250),
    });
  }

  for (const line of text.split("\n")) {
    const [letter = "", value] = [line[0], line.slice(1)];
    if (letter === "p") {
      endFile();
      process = { pid: parseCount(value) ?? 0, name: "", user: "" };
    } else if (letter === "c") process.name = withoutEscapes(value);
    else if (letter === "L") process.user = value;
    else if (letter === "f") endFile();
    // Several lines are about the state of TCP: `TST=LISTEN`, `TQR=0`.
    else if (letter === "T") file[value.split("=", 1)[0]!] = value.slice(value.indexOf("=") + 1);
    else if (letter !== "") file[letter] = value;
  }
  endFile();
  for (const { processes } of ports.values()) processes.sort((one, other) => one.pid - other.pid);
  return [...ports.values()];
}

/** `n*:22`, `n127.0.0.1:631` or `n[::1]:631`; `n…->…` is connected. */
function socketOf(file: Record<string, string>, pid: number): Socket | undefined {
  const { P: protocol, n: name = "", t: type, ST: state } = file;
  if (pid < 1 || name.includes("->")) return undefined;
  if (protocol !== "TCP" && protocol !== "UDP") return undefined;
  if (protocol === "TCP" && state !== undefined && state !== "LISTEN") return undefined;
  const colon = name.lastIndexOf(":");
  const port = parseCount(name.slice(colon + 1));
  if (colon < 0 || port === undefined || port < 1 || port > 65_535) return undefined;
  const address = addressOf(name.slice(0, colon), type);
  return address === undefined
    ? undefined
    : { protocol: protocol === "TCP" ? "tcp" : "udp", address, port, pid };
}

function addressOf(text: string, type: string | undefined): string | undefined {
  if (text === "*") return type === "IPv6" ? "::" : "0.0.0.0";
  // The kernel writes the number of the interface into an address of a link.
  const plain = text
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .replace(/^fe80:[0-9a-f]{1,4}::/i, "fe80::")
    .toLowerCase();
  return ipVersion(plain) === 0 ? undefined : plain;
}

/** lsof writes `\x20` for a blank in the name of a program. */
function withoutEscapes(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Lines of `ps -axo pid=,comm=`: process id, and the path of its program. */
export function parseExecutables(text: string): Map<number, string> {
  const executables = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [, pid, path] = /^\s*(\d{1,10})\s+(\/.*)$/.exec(line) ?? [];
    if (pid !== undefined && path !== undefined) executables.set(Number(pid), path.trim());
  }
  return executables;
}
