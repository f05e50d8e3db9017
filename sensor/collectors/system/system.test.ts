import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { addressesByInterface, parseIfInet6, readNetworkInterfaces } from "../network/interfaces.ts";
import { parseCpuinfo } from "./cpu.ts";
import { findFqdn } from "./host.ts";
import { readIdentifiers } from "./identifiers.ts";
import { parseMountinfo } from "./mounts.ts";
import { parseAssignments } from "./os-release.ts";
import { parseMeminfo } from "./system.ts";

test("parses the shell quoting of os-release", () => {
  const values = parseAssignments(
    `NAME="A \\"quoted\\" name"\nID='x'\nVERSION_ID=3 # c\n#X=1\nbad line\n1X=2\n`,
  );
  expect(Object.fromEntries(values)).toEqual({ NAME: 'A "quoted" name', ID: "x", VERSION_ID: "3" });
});

test("counts processors by core and socket, and accepts invalid content", () => {
  const block = (n: number, socket: number, core: number) =>
    `processor\t: ${n}\nmodel name\t: X\nphysical id\t: ${socket}\ncore id\t: ${core}\n`;
  expect(parseCpuinfo([block(0, 0, 0), block(1, 0, 0), block(2, 1, 0), block(3, 1, 0)].join("\n"))).toEqual({
    model: "X",
    logicalCount: 4,
    physicalCount: 2,
    socketCount: 2,
  });
  expect(parseCpuinfo("\0\n\n:::\n")).toMatchObject({ model: "", logicalCount: 0 });
});

test("memory is in bytes; 0 if the file has no value", () => {
  expect(parseMeminfo("MemTotal:  1024 kB\nSwapTotal: 1 kB\n")).toEqual({
    totalBytes: 1_048_576,
    swapBytes: 1_024,
  });
  expect(parseMeminfo("MemTotal: lots\n")).toEqual({ totalBytes: 0, swapBytes: 0 });
});

test("parses mounts with optional fields and escapes", () => {
  expect(
    parseMountinfo("36 35 98:0 /a /mnt\\0402 rw shared:1 master:2 - ext3 /dev/root rw\ncut short\n"),
  ).toEqual([
    { number: "98:0", part: "/a", path: "/mnt 2", fileSystem: "ext3", device: "/dev/root", options: ["rw"] },
  ]);
});

test("parses IPv6 addresses with their prefix length", () => {
  expect(parseIfInet6("fe80000000000000505400fffe123456 02 40 20 80     ens3\nxyz\n")).toEqual(
    new Map([["ens3", ["fe80::5054:ff:fe12:3456/64"]]]),
  );
});

test("an address with a label belongs to its interface", () => {
  const on = (...cidrs: string[]) => cidrs.map((cidr) => ({ cidr, address: cidr.split("/", 1)[0] ?? "" }));
  const listed = {
    lo: on("127.0.0.1/8", "192.0.2.1/32"),
    eth0: on("10.0.0.5/24", "fe80::1/64"),
    "eth0:1": on("10.0.0.9/24"),
    "eth0:vip": on("10.0.0.10/32"),
    "eth0.100:1": on("10.1.0.9/24"),
    eth0public: on("198.51.100.1/32"),
    gone: on("203.0.113.1/32"),
  };
  expect(Object.fromEntries(addressesByInterface(listed, ["lo", "eth", "eth0", "eth0.100"]))).toEqual({
    lo: ["127.0.0.1/8", "192.0.2.1/32"],
    eth0: ["10.0.0.10/32", "10.0.0.5/24", "10.0.0.9/24", "198.51.100.1/32", "fe80::1/64"],
    "eth0.100": ["10.1.0.9/24"],
    gone: ["203.0.113.1/32"],
  });
});

test("the cards of a bond have their own MAC addresses", () => {
  const card = (name: string, mac: string) =>
    `-- /sys/class/net/${name}/flags\n0x1003\n-- /sys/class/net/${name}/address\n${mac}\n`;
  using host = makeRoot(
    `${card("bond0", "d0:94:66:00:00:01")}${card("eth0", "d0:94:66:00:00:01")}${card("eth1", "d0:94:66:00:00:01")}-- /proc/net/bonding/bond0
Bonding Mode: IEEE 802.3ad
Slave Interface: eth0
Permanent HW addr: d0:94:66:00:00:01
Slave Interface: eth1
Permanent HW addr: D0:94:66:00:00:02
`,
  );
  expect(readNetworkInterfaces(openHostFiles(host.root)).map(({ name, mac }) => [name, mac])).toEqual([
    ["bond0", "d0:94:66:00:00:01"],
    ["eth0", "d0:94:66:00:00:01"],
    ["eth1", "d0:94:66:00:00:02"],
  ]);
});

test("the FQDN is the name in the hosts file that belongs to this host", () => {
  expect(findFqdn("127.0.0.1 localhost\n127.0.1.1 web-01.example.org web-01 # web-01.x\n", "web-01")).toBe(
    "web-01.example.org",
  );
  expect(findFqdn("127.0.0.1 other.example.org\n", "web-01")).toBeUndefined();
});

test("omits placeholder identifiers", () => {
  using host = makeRoot(`-- /sys/class/dmi/id/product_serial
To Be Filled By O.E.M.
-- /sys/class/dmi/id/product_uuid
03000200-0400-0500-0006-000700080009
-- /etc/machine-id
uninitialized
-- /var/lib/cloud/data/instance-id
nocloud
-- /sys/class/dmi/id/sys_vendor
Evil\u001b\u202e
`);
  expect(JSON.parse(JSON.stringify(readIdentifiers(openHostFiles(host.root))))).toEqual({
    key: "identifiers",
    kind: "identifiers",
    vendor: "Evil\ufffd\ufffd",
  });
});
