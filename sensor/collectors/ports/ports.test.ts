import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseProcAddress } from "../ip-address.ts";
import { collectPorts } from "./ports.ts";
import { parseSctpEndpoints, parseSocketTable } from "./proc-net.ts";

test("formats addresses according to RFC 5952", () => {
  const cases = {
    "0100007F": "127.0.0.1",
    "00000000": "0.0.0.0",
    "00000000000000000000000000000000": "::",
    "00000000000000000000000001000000": "::1",
    "0000000000000000FFFF00000100007F": "::ffff:127.0.0.1",
    B80D0120000000000000000001000000: "2001:db8::1",
    // Of two runs of zeros of the same length, the first is shortened; a single group is not.
    "00000120010000000000010001000000": "2001::1:1:0:0:1",
    B80D0120010000000000000001000000: "2001:db8:0:1::1",
    B80D0120010000000100010001000100: "2001:db8:0:1:1:1:1:1",
  };
  for (const [hex, text] of Object.entries(cases)) expect(parseProcAddress(hex)).toBe(text);
});

test("rejects text that is not an address", () => {
  for (const text of ["", "0100007", "0100007G", "01".repeat(17), "\u001b"])
    expect(parseProcAddress(text)).toBeUndefined();
});

const portsOf = (root: string) => collectPorts(openHostFiles(root)).then((items) => [...items]);

const HEADER =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (address: string, state: string, inode: number | string) =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0\n`;

test("TCP sockets listen in state LISTEN, UDP sockets while they are not connected", () => {
  const table =
    HEADER + line("00000000:0016", "0A", 1) + line("00000000:0017", "01", 2) + line("00000000:0044", "07", 3);
  expect([...parseSocketTable(table.split("\n"), "tcp")]).toEqual([
    { protocol: "tcp", address: "0.0.0.0", port: 22, inode: 1 },
  ]);
  expect([...parseSocketTable(table.split("\n"), "udp")]).toEqual([
    { protocol: "udp", address: "0.0.0.0", port: 68, inode: 3 },
  ]);
});

test("omits invalid and incomplete lines", () => {
  const table = `${HEADER}${line("00000000:0000", "0A", 1)}${line("00000000:FFFFF", "0A", 1)}${line(":", "0A", 1)}  9: 0000\n\0\n`;
  expect([...parseSocketTable(table.split("\n"), "tcp")]).toEqual([]);
  expect([...parseSocketTable([""], "tcp")]).toEqual([]);
  expect([...parseSocketTable([line("00000000:0016", "0A", "x")], "tcp")]).toMatchObject([{ inode: 0 }]);
});

test("replaces control characters in the name of a process", async () => {
  using host = makeRoot(`-- /proc/net/tcp
${HEADER}${line("00000000:0016", "0A", 7)}-- /proc/5/fd/3 -> socket:[7]
-- /proc/5/comm
evil\u001b[2J
name\u202e
`);
  const [port] = await portsOf(host.root);
  expect(port?.processes).toEqual([
    { pid: 5, name: "evil\ufffd[2J\ufffdname\ufffd", executable: undefined, user: undefined },
  ]);
});

test("an image has no sockets", async () => {
  using host = makeRoot("-- /proc/version\nLinux\n");
  await expect(portsOf(host.root)).rejects.toThrow("the host does not run");
});

const LINES = Array.from({ length: 3 }, (_, at) => line(`00000000:00${50 + at}`, "0A", 100 + at)).join("");

/** A process with open files, of which some are sockets. */
function processWith(
  pid: number,
  openFiles: number,
  sockets: { [number: number]: number | undefined },
): string {
  const links = Array.from({ length: openFiles }, (_, number) => {
    const inode = sockets[number];
    return `-- /proc/${pid}/fd/${number} -> ${inode === undefined ? "/dev/null" : `socket:[${inode}]`}\n`;
  });
  return `${links.join("")}-- /proc/${pid}/exe -> /usr/sbin/server\n-- /proc/${pid}/stat\n${pid} (a) b) S 1 1\n`;
}

test("finds the sockets of many copies of a program where the others have them", async () => {
  const copies = Array.from({ length: 30 }, (_, at) =>
    // The last socket is that of one copy alone, where no other has one.
    processWith(1_000 + at, 40, { 5: 100, 37: 101, ...(at === 25 ? { 38: 102 } : {}) }),
  );
  using host = makeRoot(`-- /proc/net/tcp\n${HEADER}${LINES}${copies.join("")}`);
  const items = await portsOf(host.root);
  expect(items.map(({ port, processes }) => [port, processes.length])).toEqual([
    [0x50, 30],
    [0x51, 30],
    [0x52, 1],
  ]);
});

test("finds the sockets of processes with few and with many open files", async () => {
  using host = makeRoot(
    `-- /proc/net/tcp\n${HEADER}${LINES}${processWith(7, 200, { 180: 100, 199: 101 })}${processWith(9, 3, { 2: 102 })}`,
  );
  const items = await portsOf(host.root);
  expect(items.map(({ port, processes }) => [port, processes[0]?.pid])).toEqual([
    [0x50, 7],
    [0x51, 7],
    [0x52, 9],
  ]);
});

test("without inet_diag, a port on :: beside one on 0.0.0.0 is for IPv6 only, and others are unknown", async () => {
  const any6 = "0".repeat(32);
  const tcp6 = HEADER + line(`${any6}:0050`, "0A", 1) + line(`${any6}:0051`, "0A", 2);
  using host = makeRoot(
    `-- /proc/net/tcp\n${HEADER}${line("00000000:0050", "0A", 3)}-- /proc/net/tcp6\n${tcp6}`,
  );
  const items = await portsOf(host.root);
  expect(items.map(({ key, ipv6Only }) => [key, ipv6Only])).toEqual([
    ["tcp/0.0.0.0:80", undefined],
    ["tcp/[::]:80", true],
    ["tcp/[::]:81", undefined],
  ]);
});

test("reads UDP-Lite, DCCP and SCTP if the kernel has them", async () => {
  using host = makeRoot(`-- /proc/net/udplite
${HEADER}${line("00000000:0044", "07", 1)}-- /proc/net/dccp
${HEADER}${line("0100007F:0045", "0A", 1)}-- /proc/net/sctp/eps
 ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
ffff8800 ffff8801 2   10  30   36412     0 12345 10.0.0.5 fe80::1
ffff8800 ffff8801 2   7   30   36413     0 12346 10.0.0.5
`);
  const items = await portsOf(host.root);
  expect(items.map(({ key }) => key)).toEqual([
    "udplite/0.0.0.0:68",
    "dccp/127.0.0.1:69",
    "sctp/10.0.0.5:36412",
    "sctp/[fe80::1]:36412",
  ]);
  expect([...parseSctpEndpoints(["x", "1 2 3 10 5 70000 0 1 ::1", "\0"])]).toEqual([]);
});

test("a line that is longer than any of the kernel's is skipped, and one across two parts is whole", async () => {
  const padding = "x".repeat(256 * 1024 - 40);
  using host = makeRoot(
    `-- /proc/net/tcp\n${HEADER}${padding}\n${line("00000000:0016", "0A", 1)}${"9".repeat(5_000)}\n${line("00000000:0017", "0A", 2)}`,
  );
  expect((await portsOf(host.root)).map(({ port }) => port)).toEqual([22, 23]);
});
