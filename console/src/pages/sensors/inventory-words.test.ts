import { expect, test } from "bun:test";
import { hardwareDetails, hardwareName } from "./hardware-words.ts";
import { networkDetails } from "./network-words.ts";

test("a part of the machine is named and described in one line, without absent facts", () => {
  const slot = { key: "memory-module:A1", kind: "memory-module", name: "A1" } as const;
  expect(hardwareDetails({ ...slot, state: "empty" })).toBe("Empty slot");
  expect(hardwareDetails({ ...slot, state: "installed", sizeBytes: 8 * 1024 ** 3, type: "DDR4" })).toBe(
    "8 GiB · DDR4",
  );
  const device = {
    key: "pci:1",
    kind: "pci",
    address: "0000:00:03.0",
    vendorId: "1af4",
    deviceId: "1000",
  } as const;
  expect([hardwareName(device), hardwareDetails(device)]).toEqual(["1af4:1000", "0000:00:03.0"]);
  expect(hardwareDetails({ ...device, name: "Virtio", class: "Ethernet controller" })).toBe(
    "Ethernet controller · 0000:00:03.0 · 1af4:1000",
  );
  const array = { key: "raid:md0", kind: "raid", name: "md0", level: "raid1" } as const;
  expect(hardwareDetails({ ...array, deviceCount: 2, workingCount: 1 })).toBe("raid1 · 1 of 2 devices");
});

test("an interface, a route and a resolver are described in one line", () => {
  const card = { key: "interface:eth0", kind: "interface" as const, name: "eth0", addresses: [], up: true };
  expect(networkDetails({ ...card, type: "physical", speedMbps: 1000, duplex: "full", mtu: 1500 })).toBe(
    "Up · physical · 1000 Mbit/s full duplex · MTU 1500",
  );
  const route = { key: "route:0.0.0.0/0", kind: "route", destination: "0.0.0.0/0" } as const;
  expect(networkDetails(route)).toBe("Unreachable");
  expect(networkDetails({ ...route, interface: "eth0", metric: 100 })).toBe("Interface eth0 · metric 100");
});
