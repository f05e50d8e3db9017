// Identifiers of this machine: machine-id(5), the SMBIOS tables of the firmware, and the instance id of a
// cloud.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const DMI = "/sys/class/dmi/id";
/** Values of fields that the manufacturer has not filled in, lower case. */
const PLACEHOLDERS = new Set([
  "to be filled by o.e.m.",
  "default string",
  "system serial number",
  "system product name",
  "system manufacturer",
  "not specified",
  "not applicable",
  "none",
  "n/a",
  "unknown",
  "invalid",
  "0",
  "0123456789",
  "123456789",
  "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "03000200-0400-0500-0006-000700080009",
]);
/** Values that cloud-init writes if no cloud provides an id. */
const NO_INSTANCE = /^(?:iid-datasource-none|nocloud|i-?none|iid-dsnone.*)$/i;

export function readIdentifiers(files: HostFiles): Extract<Item<"system">, { kind: "identifiers" }> {
  const dmi = (name: string) => withoutPlaceholder(files.findLine(`${DMI}/${name}`));
  return {
    key: "identifiers",
    kind: "identifiers",
    machineId: readMachineId(files),
    productUuid: optionalFact(dmi("product_uuid")?.toLowerCase(), 100),
    serialNumber: optionalFact(dmi("product_serial") ?? deviceTree(files, "serial-number"), 200),
    vendor: optionalFact(dmi("sys_vendor"), 200),
    model: optionalFact(dmi("product_name") ?? deviceTree(files, "model"), 200),
    cloudInstanceId: optionalFact(readCloudInstanceId(files), 200),
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
  const id = files.findLine("/var/lib/cloud/data/instance-id");
  return id === undefined || NO_INSTANCE.test(id) ? undefined : id;
}

/** Describes boards without SMBIOS, in texts that end in a zero byte. */
function deviceTree(files: HostFiles, name: string): string | undefined {
  return withoutPlaceholder(files.findLine(`/proc/device-tree/${name}`)?.replaceAll("\0", ""));
}

function withoutPlaceholder(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed && !PLACEHOLDERS.has(trimmed.toLowerCase()) ? trimmed : undefined;
}
