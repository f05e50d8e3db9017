import { expect, test } from "bun:test";
import { hardwareItem } from "@attacklens/protocol/inventory/hardware.ts";
import { systemItem } from "@attacklens/protocol/inventory/system.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { readWindowsFixture } from "../../testing/windows-disk.ts";
import { diskItem } from "./disks.ts";
import { readBiosParts, readFirmwareMode, readIdentifiers, readVirtualization } from "./firmware.ts";
import { readCpu } from "./system.ts";

const REGISTRY = registryOf(readWindowsFixture("windows-11.reg"), readWindowsFixture("hardware.reg"));
const EMPTY = registryOf("Windows Registry Editor Version 5.00");
const machine = (vendor: string, model: string) =>
  registryOf(
    [
      "Windows Registry Editor Version 5.00",
      "[HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\BIOS]",
      `"SystemManufacturer"="${vendor}"`,
      `"SystemProductName"="${model}"`,
    ].join("\n"),
  );

test("takes the machine from the registry where there are no tables of the firmware", () => {
  expect(systemItem.parse(readIdentifiers(REGISTRY, []))).toEqual({
    key: "identifiers",
    kind: "identifiers",
    machineId: "3f2504e04f8941d39a0c0305e82c3301",
    productUuid: "4c4c4544-0042-3510-8054-b4c04f4e4d32",
    vendor: "Dell Inc.",
    model: "Latitude 7440",
  });
  expect(readBiosParts(REGISTRY).map((part) => hardwareItem.parse(part))[0]).toMatchObject({
    vendor: "Dell Inc.",
    version: "1.9.1",
    releasedOn: "2023-10-03",
  });
  expect(readCpu(REGISTRY)).toMatchObject({
    model: "13th Gen Intel(R) Core(TM) i7-1365U",
    architecture: "amd64",
    logicalCount: 2,
  });
  expect(readBiosParts(EMPTY)).toEqual([]);
  expect(readFirmwareMode(EMPTY)).toBeUndefined();
});

test.each([
  ["VMware, Inc.", "VMware Virtual Platform", "vmware"],
  ["Microsoft Corporation", "Virtual Machine", "microsoft"],
  ["Microsoft Corporation", "Surface Pro 9", "none"],
  ["QEMU", "Standard PC (Q35 + ICH9, 2009)", "qemu"],
  ["innotek GmbH", "VirtualBox", "oracle"],
  ["Amazon EC2", "t3.large", "amazon"],
  ["Dell Inc.", "PowerEdge R650", "none"],
])("the machine %s %s is %s", (vendor, model, type) => {
  expect(readVirtualization(machine(vendor, model), [])).toMatchObject([{ type }]);
});

test("says nothing about virtualization of an unknown machine", () => {
  expect(readVirtualization(machine("System manufacturer", "System Product Name"), [])).toEqual([]);
  expect(readIdentifiers(machine("To be filled by O.E.M.", ""), [])).toEqual({
    key: "identifiers",
    kind: "identifiers",
  });
});

test("reads the descriptor of a disk", () => {
  const texts = Buffer.from("\0Samsung SSD 980 PRO 1TB\x002B2QGXA7\0   S5GXNX0R123456A \0", "latin1");
  const descriptor = Buffer.concat([Buffer.alloc(40), texts]);
  descriptor.writeUInt32LE(40, 12);
  descriptor.writeUInt32LE(41, 16);
  descriptor.writeUInt32LE(65, 20);
  descriptor.writeUInt32LE(74, 24);
  descriptor.writeUInt32LE(17, 28);
  expect(hardwareItem.parse(diskItem(0, descriptor, 1_000_204_886_016, false))).toEqual({
    key: "disk:PhysicalDrive0",
    kind: "disk",
    name: "PhysicalDrive0",
    sizeBytes: 1_000_204_886_016,
    model: "Samsung SSD 980 PRO 1TB",
    firmware: "2B2QGXA7",
    serialNumber: "S5GXNX0R123456A",
    bus: "nvme",
    removable: false,
    rotational: false,
  });
  for (let length = 0; length < descriptor.length; length += 1)
    hardwareItem.parse(diskItem(1, descriptor.subarray(0, length), 0, undefined));
});
