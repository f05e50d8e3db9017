import { describe, expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseCpuinfo } from "./cpu.ts";
import { findFqdn } from "./host.ts";
import { readIdentifiers } from "./identifiers.ts";
import { parseMountinfo } from "./mounts.ts";
import { parseIfInet6 } from "./network.ts";
import { parseAssignments } from "./os-release.ts";
import { parseMeminfo } from "./system.ts";
import { readVirtualization } from "./virtualization.ts";

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
  ).toEqual([{ number: "98:0", part: "/a", path: "/mnt 2", fileSystem: "ext3", device: "/dev/root" }]);
});

test("parses IPv6 addresses with their prefix length", () => {
  expect(parseIfInet6("fe80000000000000505400fffe123456 02 40 20 80     ens3\nxyz\n")).toEqual(
    new Map([["ens3", ["fe80::5054:ff:fe12:3456/64"]]]),
  );
});

test("the FQDN is the name in the hosts file that belongs to this host", () => {
  expect(findFqdn("127.0.0.1 localhost\n127.0.1.1 web-01.example.org web-01 # web-01.x\n", "web-01")).toBe(
    "web-01.example.org",
  );
  expect(findFqdn("127.0.0.1 other.example.org\n", "web-01")).toBeUndefined();
});

describe("virtualization", () => {
  const type = (text: string) => {
    using host = makeRoot(text);
    return readVirtualization(openHostFiles(host.root)).type;
  };
  const dmi = (name: string, value: string) => `-- /sys/class/dmi/id/${name}\n${value}\n`;

  test("is detected by firmware, clock, processor or container, and named as in systemd-detect-virt", () => {
    const clocks = "-- /sys/devices/system/clocksource/clocksource0/available_clocksource\n";
    expect(type("-- /etc/hostname\nx\n")).toBe("none");
    expect(type(dmi("sys_vendor", "QEMU"))).toBe("qemu");
    expect(type(`${dmi("sys_vendor", "QEMU")}${clocks}kvm-clock tsc\n`)).toBe("kvm");
    expect(type(dmi("sys_vendor", "VMware, Inc."))).toBe("vmware");
    expect(type(dmi("sys_vendor", "Microsoft Corporation") + dmi("product_name", "Virtual Machine"))).toBe(
      "microsoft",
    );
    expect(type(dmi("sys_vendor", "Microsoft Corporation") + dmi("product_name", "Surface Pro"))).toBe(
      "none",
    );
    expect(type(dmi("sys_vendor", "Amazon EC2") + dmi("product_name", "c5.metal"))).toBe("none");
    expect(type("-- /proc/cpuinfo\nflags\t: fpu hypervisor\n")).toBe("vm-other");
    expect(type("-- /run/systemd/container\nlxc\n")).toBe("lxc");
    expect(type("-- /run/.containerenv\n")).toBe("podman");
    expect(type("-- /proc/1/environ\nPATH=/\0container=oci\0\n")).toBe("container-other");
    expect(type("-- /proc/sys/kernel/osrelease\n5.15.90.1-microsoft-standard-WSL2\n")).toBe("wsl");
  });
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
