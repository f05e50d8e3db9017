// What the firmware says about the machine: from its tables, or from the registry, where the last start of
// Windows wrote a part of it.
import { isPlaceholderId } from "@attacklens/protocol/hardware-placeholders.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { parseReleaseDate } from "../hardware/mainboard.ts";
import { partText } from "../hardware/part-text.ts";
import type { SmbiosStructure } from "../hardware/smbios.ts";
import { structuresOf, systemUuid } from "./firmware-parts.ts";
import { findNumber, findText, type Registry, valuesOf } from "./registry.ts";

type System = Item<"system">;
type Part = Item<"hardware">;

const BIOS = "HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS";
const UUID = /^\{?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\}?$/i;
const SYSTEM = 1;
/** Starts of the maker or the model of virtual machines, with the names of systemd-detect-virt(1). */
const HYPERVISORS: [string, string][] = [
  ["VMware", "vmware"],
  ["Virtual Machine", "microsoft"],
  ["QEMU", "qemu"],
  ["KVM", "kvm"],
  ["OpenStack", "kvm"],
  ["RHEV", "kvm"],
  ["innotek GmbH", "oracle"],
  ["VirtualBox", "oracle"],
  ["Xen", "xen"],
  ["HVM domU", "xen"],
  ["Amazon EC2", "amazon"],
  ["Google Compute Engine", "google"],
  ["Parallels", "parallels"],
  ["Bochs", "bochs"],
  ["BHYVE", "bhyve"],
];

/** The maker's values are placeholders on some machines. MachineGuid identifies the installation. */
export function readIdentifiers(
  registry: Registry,
  firmware: readonly SmbiosStructure[],
): Extract<System, { kind: "identifiers" }> {
  const guid = findText(valuesOf(registry, "HKLM\\SOFTWARE\\Microsoft\\Cryptography"), "MachineGuid");
  const saved = findText(valuesOf(registry, "HKLM\\SYSTEM\\HardwareConfig"), "LastConfig");
  const uuids = [systemUuid(firmware), UUID.exec(saved ?? "")?.[1]?.toLowerCase()];
  const system = structuresOf(firmware, SYSTEM)[0];
  const serial = system?.textAt(7);
  const { vendor, model } = readMachine(registry, firmware);
  return {
    key: "identifiers",
    kind: "identifiers",
    machineId: guid && UUID.exec(guid)?.[1]?.replaceAll("-", "").toLowerCase(),
    productUuid: uuids.find((uuid) => uuid !== undefined && !isPlaceholderId("product-uuid", uuid)),
    serialNumber:
      serial === undefined || isPlaceholderId("serial-number", serial) ? undefined : factText(serial, 200),
    vendor,
    model,
  };
}

/** Absent on a machine whose maker is not known: it may be virtual. */
export function readVirtualization(registry: Registry, firmware: readonly SmbiosStructure[]): System[] {
  const { vendor, model } = readMachine(registry, firmware);
  const names = [model, vendor].filter((name) => name !== undefined);
  if (names.length === 0) return [];
  const type = HYPERVISORS.find(([start]) => names.some((name) => name.startsWith(start)))?.[1] ?? "none";
  return [{ key: "virtualization", kind: "virtualization", type }];
}

function readMachine(registry: Registry, firmware: readonly SmbiosStructure[]) {
  const system = structuresOf(firmware, SYSTEM)[0];
  const bios = valuesOf(registry, BIOS);
  return {
    vendor: partText(system?.textAt(4) ?? findText(bios, "SystemManufacturer")),
    model: partText(system?.textAt(5) ?? findText(bios, "SystemProductName")),
  };
}

/** Firmware and board, without the tables. */
export function readBiosParts(registry: Registry): Part[] {
  const bios = registry.findValues(BIOS);
  if (bios === undefined) return [];
  return [
    {
      key: "firmware",
      kind: "firmware",
      vendor: partText(findText(bios, "BIOSVendor")),
      version: partText(findText(bios, "BIOSVersion")),
      releasedOn: parseReleaseDate(findText(bios, "BIOSReleaseDate")),
    },
    {
      key: "board",
      kind: "board",
      vendor: partText(findText(bios, "BaseBoardManufacturer")),
      model: partText(findText(bios, "BaseBoardProduct")),
      version: partText(findText(bios, "BaseBoardVersion")),
    },
  ];
}

/** As Windows was started: 1 BIOS, 2 UEFI. */
export function readFirmwareMode(registry: Registry): "bios" | "uefi" | undefined {
  const mode = findNumber(valuesOf(registry, "HKLM\\SYSTEM\\CurrentControlSet\\Control"), "PEFirmwareType");
  return mode === 1 ? "bios" : mode === 2 ? "uefi" : undefined;
}
