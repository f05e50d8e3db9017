// The oracles are `ip route` and `ip link`: each test compares the whole tables of this machine where it can.
import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { collectNetwork } from "./network.ts";
import { parseResolvConf } from "./resolver.ts";
import { parseIpv4Routes, parseIpv6Routes } from "./routes.ts";

const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
*	0000000A	00000000	0200	0	0	0	000000FF	0	0	0
`;

test("reads routes, gateways and metrics of IPv4, and routes that reject", () => {
  expect(parseIpv4Routes(IPV4).map(({ key, kind, ...facts }) => facts)).toEqual([
    { destination: "0.0.0.0/0", gateway: "192.0.2.1", interface: "eth0", metric: 100 },
    { destination: "192.0.2.0/24", gateway: undefined, interface: "eth0", metric: 100 },
    { destination: "10.0.0.0/8", gateway: undefined, interface: undefined, metric: undefined },
  ]);
});

test("reads routes of IPv6 without the host's own addresses, multicast and learned exceptions", () => {
  const line = (to: string, prefix: string, via: string, metric: string, flags: string, name: string) =>
    `${to.padEnd(32, "0")} ${prefix} ${"0".repeat(32)} 00 ${via.padEnd(32, "0")} ${metric} 00000001 00000000 ${flags}     ${name}`;
  const text = [
    line("fd00", "40", "", "00000100", "00000001", "eth0"),
    line("", "00", "fd000000000000000000000000000001", "00000400", "00000003", "eth0"),
    line("fd000000000000000000000000000002", "80", "", "00000000", "80200001", "eth0"),
    line("ff", "08", "", "00000100", "00000001", "eth0"),
    line("fd00000000000000000000000000000a", "80", "fe80", "00000100", "01000003", "eth0"),
    line("", "00", "", "ffffffff", "00200200", "lo"),
    "",
  ].join("\n");
  expect(parseIpv6Routes(text).map(({ key, kind, ...facts }) => facts)).toEqual([
    { destination: "fd00::/64", gateway: undefined, interface: "eth0", metric: 256 },
    { destination: "::/0", gateway: "fd00::1", interface: "eth0", metric: 1024 },
  ]);
});

test("every line of a table that is cut at any byte is a route or nothing", () => {
  for (let end = 0; end <= IPV4.length; end += 1)
    for (const { destination } of parseIpv4Routes(IPV4.slice(0, end)))
      expect(destination).toMatch(/^[\d.]+\/\d+$/);
});

test.each([
  [
    "nameserver 10.0.0.53\nsearch a.example b.example\n",
    ["10.0.0.53"],
    ["a.example", "b.example"],
    undefined,
  ],
  [
    "search old.example\ndomain example.org\nnameserver ::1 # local\n",
    ["::1"],
    ["example.org"],
    "example.org",
  ],
  ["# nameserver 1.1.1.1\n; nameserver 1.1.1.1\nsearch .\n", [], [], undefined],
  ["nameserver\nnameserver 192.0.2.1\r\nnameserver 192.0.2.1\n", ["192.0.2.1"], [], undefined],
])("resolv.conf %j", (text, servers, search, domain) => {
  expect(parseResolvConf(text)).toEqual({ servers, search, domain });
});

test("reports the servers behind the stub of systemd-resolved", () => {
  using host = makeRoot(
    [
      "-- /etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf",
      "-- /run/systemd/resolve/stub-resolv.conf",
      "nameserver 127.0.0.53",
      "-- /run/systemd/resolve/resolv.conf",
      "nameserver 10.0.0.53",
      "search example.org",
      "",
    ].join("\n"),
  );
  expect(collectNetwork(openHostFiles(host.root))).toEqual([
    {
      key: "resolver:",
      kind: "resolver",
      servers: ["10.0.0.53"],
      search: ["example.org"],
      domain: undefined,
      source: "/run/systemd/resolve/resolv.conf",
    },
  ]);
});

test("tells the kinds of interfaces apart", () => {
  using host = makeRoot(
    [
      ...["-- /sys/class/net/eth0/flags", "0x1003", "-- /sys/class/net/eth0/speed", "1000"],
      ...["-- /sys/class/net/eth0/duplex", "full", "-- /sys/class/net/eth0/mtu", "9000"],
      ...["-- /sys/class/net/eth0/device/driver -> ../../../bus/pci/drivers/e1000e"],
      ...["-- /sys/class/net/eth0/master -> ../bond0"],
      ...["-- /sys/class/net/eth1/flags", "0x1003", "-- /sys/class/net/eth1/speed", "-1"],
      ...["-- /sys/class/net/eth1/device/vendor", "0x1af4"],
      ...["-- /sys/class/net/bond0/flags", "0x1403", "-- /sys/class/net/bond0/uevent", "DEVTYPE=bond"],
      ...["-- /sys/class/net/bond0.7/flags", "0x1003", "-- /sys/class/net/bond0.7/uevent", "DEVTYPE=vlan"],
      ...["-- /sys/class/net/bond0.7/lower_bond0 -> ../bond0"],
      ...["-- /proc/net/vlan/bond0.7", "bond0.7  VID: 7	 REORDER_HDR: 1  dev->priv_flags: 1021"],
      ...["-- /sys/class/net/tun0/flags", "0x10d1", "-- /sys/class/net/tun0/tun_flags", "0x1001"],
      ...["-- /sys/class/net/wg0/flags", "0x91", "-- /sys/class/net/wg0/uevent", "DEVTYPE=wireguard"],
      ...["-- /sys/class/net/dummy0/flags", "0x83", "-- /sys/class/net/dummy0/type", "1", ""],
    ].join("\n"),
  );
  const found = collectNetwork(openHostFiles(host.root)).map((item) => {
    if (item.kind !== "interface") return item;
    const { key, kind, addresses, up, mac, ...facts } = item;
    return JSON.parse(JSON.stringify(facts));
  });
  expect(found).toEqual([
    { name: "bond0", type: "bond" },
    { name: "bond0.7", type: "vlan", parent: "bond0", vlan: 7 },
    { name: "dummy0", type: "virtual" },
    {
      name: "eth0",
      type: "physical",
      mtu: 9000,
      speedMbps: 1000,
      duplex: "full",
      driver: "e1000e",
      controller: "bond0",
    },
    { name: "eth1", type: "physical" },
    { name: "tun0", type: "tunnel" },
    { name: "wg0", type: "tunnel" },
  ]);
});

const ip = Bun.which("ip");

test.skipIf(!ip)(`routes and MTUs match ip${ip ? "" : " (skipped: no ip)"}`, () => {
  const json = (...args: string[]) =>
    JSON.parse(Bun.spawnSync(["ip", "-j", ...args]).stdout.toString()) as Record<string, unknown>[];
  const found = collectNetwork(openHostFiles());
  const routes = ["-4", "-6"].flatMap((family) =>
    json(family, "route", "show", "table", "main").map(({ dst, gateway, dev, metric }) => {
      const all = family === "-4" ? "0.0.0.0/0" : "::/0";
      const single = String(dst).includes("/") ? String(dst) : `${dst}/${family === "-4" ? 32 : 128}`;
      return [dst === "default" ? all : single, gateway, dev, metric].join(" ");
    }),
  );
  const ours = found.flatMap((item) =>
    item.kind === "route" ? [item.destination, item.gateway, item.interface, item.metric].join(" ") : [],
  );
  expect(ours.sort()).toEqual(routes.sort());
  for (const { ifname, mtu } of json("link"))
    for (const item of found)
      if (item.kind === "interface" && item.name === ifname) expect(item.mtu).toBe(mtu as number);
});
