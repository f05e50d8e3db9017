// Identifiers of this machine: machine-id(5), the SMBIOS tables of the firmware, and the instance id of a
// cloud.
import {
  type HardwareKind,
  isPlaceholderId,
  isPlaceholderText,
} from "@attacklens/protocol/hardware-placeholders.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const DMI = "/sys/class/dmi/id";
export function readIdentifiers(files: HostFiles): Extract<Item<"system">, { kind: "identifiers" }> {
  const dmi = (name: string) => files.findLine(`${DMI}/${name}`)?.trim();
  const id = (kind: HardwareKind, value: string | undefined) =>
    value === undefined || isPlaceholderId(kind, value) ? undefined : value;
  const text = (value: string | undefined) =>
    value === undefined || isPlaceholderText(value) ? undefined : value;
  return {
    key: "identifiers",
    kind: "identifiers",
    machineId: readMachineId(files),
    productUuid: optionalFact(id("product-uuid", dmi("product_uuid")?.toLowerCase()), 100),
    serialNumber: optionalFact(
      id("serial-number", dmi("product_serial")) ?? id("serial-number", deviceTree(files, "serial-number")),
      200,
    ),
    vendor: optionalFact(text(dmi("sys_vendor")), 200),
    model: optionalFact(text(dmi("product_name")) ?? text(deviceTree(files, "model")), 200),
    cloudInstanceId: optionalFact(id("cloud-instance-id", readCloudInstanceId(files)), 200),
  };
}

function readMachineId(files: HostFiles): string | undefined {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    const id = files.findLine(path)?.toLowerCase();
    if (id !== undefined && /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id)) return id;
  }
  return undefined;
}

/**
 * On Amazon, a field of the firmware has the instance id. On other clouds, cloud-init writes it to a file.
 */
function readCloudInstanceId(files: HostFiles): string | undefined {
  const assetTag = files.findLine(`${DMI}/board_asset_tag`);
  if (assetTag !== undefined && /^i-[0-9a-f]{8,32}$/.test(assetTag)) return assetTag;
  return files.findLine("/var/lib/cloud/data/instance-id");
}

/** Describes boards without SMBIOS, in texts that end in a zero byte. */
function deviceTree(files: HostFiles, name: string): string | undefined {
  return files.findLine(`/proc/device-tree/${name}`)?.replaceAll("\0", "");
}
