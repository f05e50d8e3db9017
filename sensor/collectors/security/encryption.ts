// Encrypted disks: the open volumes of dm-crypt, the entries of crypttab(5), and whether root and swap are
// encrypted.

import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import {
  encryptionOf,
  type IsEncrypted,
  listMappedDevices,
  openEncryption,
} from "../system/block-devices.ts";
import { findRootMount } from "../system/mounts.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const MAX_VOLUMES = 1_000;
const CRYPTTAB_NAME = /^[\w.+:@-]{1,128}$/;
const CRYPTTAB_DEVICE = /^(?:\/|(?:UUID|PARTUUID|LABEL|PARTLABEL|ID)=)/i;
/** Others have paths and arguments of programs, or are not known. */
const CRYPTTAB_OPTION =
  /^(?:(?:luks|luks1|luks2|plain|tcrypt|bitlk|swap|tmp|discard|readonly|read-only|nofail|noauto|noearly|initramfs|verify|quiet|loud|check|headless|same-cpu-crypt|submit-from-crypt-cpus|no-read-workqueue|no-write-workqueue|tcrypt-hidden|tcrypt-system|tcrypt-veracrypt|_netdev|x-initrd\.attach|x-systemd\.\w{1,30})|(?:tmp|cipher|hash|size|sector-size|offset|skip|keyfile-offset|keyfile-size|key-slot|keyslot|tries|timeout|tpm2-device|tpm2-pcrs|fido2-device|token-timeout)=[\w.:+-]{1,60})$/;

export function readEncryptionSettings(files: HostFiles): SecuritySetting[] {
  const isEncrypted = openEncryption(files);
  return [
    ...openVolumes(files),
    ...crypttab(files),
    ...root(files, isEncrypted),
    ...swap(files, isEncrypted),
  ];
}

function openVolumes(files: HostFiles): SecuritySetting[] {
  const devices = listMappedDevices(files);
  return firstOf(files, "mapped devices", devices, MAX_VOLUMES).flatMap(({ name, path }) => {
    const format = encryptionOf(files, path);
    return format === undefined ? [] : setting("encryption", `dm-crypt ${name}`, format, `${path}/dm/uuid`);
  });
}

function crypttab(files: HostFiles): SecuritySetting[] {
  const path = "/etc/crypttab";
  const lines = (files.findText(path) ?? "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
  return firstOf(files, path, lines, MAX_VOLUMES).flatMap((line) => {
    // The third field may be the path of a key file, which is secret.
    const [name = "", device = "", , options = ""] = line.trim().split(/\s+/);
    // systemd and cryptsetup find no device in another text.
    if (!CRYPTTAB_NAME.test(name) || !CRYPTTAB_DEVICE.test(device)) return [];
    const known = options.split(",").filter((option) => CRYPTTAB_OPTION.test(option));
    return setting("encryption", `crypttab ${name}`, `${device} ${known.join(",")}`, path);
  });
}

function root(files: HostFiles, isEncrypted: IsEncrypted): SecuritySetting[] {
  const mount = findRootMount(files);
  const known = mount && isEncrypted(mount);
  // Unknown for a root without a block device, e.g. in a container or on a network file system.
  if (known === undefined) return [];
  return [setting("encryption", "root file system", known ? "encrypted" : "not encrypted", "/sys/block")];
}

function swap(files: HostFiles, isEncrypted: IsEncrypted): SecuritySetting[] {
  const devices = (files.findText("/proc/swaps") ?? "")
    .split("\n")
    .slice(1)
    .flatMap((line) => line.split(/\s+/, 1)[0] || []);
  return firstOf(files, "swap devices", devices, MAX_VOLUMES).flatMap((device) => {
    const known = isEncrypted({ device });
    return known === undefined
      ? []
      : setting("encryption", `swap ${device}`, known ? "encrypted" : "not encrypted", "/proc/swaps");
  });
}
