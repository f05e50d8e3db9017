import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseProcAddress } from "../ip-address.ts";
import { collectPorts } from "./ports.ts";
import { parseSocketTable } from "./proc-net.ts";

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

const HEADER =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (address: string, state: string, inode: number | string) =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0\n`;

test("TCP sockets listen in state LISTEN, UDP sockets while they are not connected", () => {
  const table =
    HEADER + line("00000000:0016", "0A", 1) + line("00000000:0017", "01", 2) + line("00000000:0044", "07", 3);
  expect(parseSocketTable(table, "tcp")).toEqual([
    { protocol: "tcp", address: "0.0.0.0", port: 22, inode: 1 },
  ]);
  expect(parseSocketTable(table, "udp")).toEqual([
    { protocol: "udp", address: "0.0.0.0", port: 68, inode: 3 },
  ]);
});

test("omits invalid and incomplete lines", () => {
  const table = `${HEADER}${line("00000000:0000", "0A", 1)}${line("00000000:FFFFF", "0A", 1)}${line(":", "0A", 1)}  9: 0000\n\0\n`;
  expect(parseSocketTable(table, "tcp")).toEqual([]);
  expect(parseSocketTable("", "tcp")).toEqual([]);
  expect(parseSocketTable(HEADER + line("00000000:0016", "0A", "x"), "tcp")).toMatchObject([{ inode: 0 }]);
});

test("replaces control characters in the name of a process", async () => {
  using host = makeRoot(`-- /proc/net/tcp
${HEADER}${line("00000000:0016", "0A", 7)}-- /proc/5/fd/3 -> socket:[7]
-- /proc/5/comm
evil\u001b[2J
name\u202e
`);
  const [port] = await collectPorts(openHostFiles(host.root));
  expect(port?.processes).toEqual([
    { pid: 5, name: "evil\ufffd[2J\ufffdname\ufffd", executable: undefined, user: undefined },
  ]);
});

test("fails on a host without socket tables", async () => {
  using host = makeRoot("-- /proc/version\nLinux\n");
  await expect(collectPorts(openHostFiles(host.root))).rejects.toThrow("Cannot read /proc/net");
});
