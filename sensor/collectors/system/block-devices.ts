// Block devices in /sys/block: whether a device is encrypted.
import { basename } from "node:path";
import type { HostFiles } from "../host-files.ts";

const BLOCK = "/sys/block";
const MAX_DEPTH = 8;

/** Volumes of the device mapper, with their names in /dev/mapper. */
export function listMappedDevices(files: HostFiles): { name: string; path: string }[] {
  return files.list(BLOCK).flatMap((device) => {
    const path = `${BLOCK}/${device}`;
    const name = device.startsWith("dm-") ? files.findLine(`${path}/dm/name`) : undefined;
    return name === undefined ? [] : { name, path };
  });
}

/**
 * `LUKS2`, `LUKS1`, `PLAIN` …, from a uuid such as `CRYPT-LUKS2-…`; undefined if the volume does not encrypt.
 */
export function encryptionOf(files: HostFiles, path: string): string | undefined {
  return /^CRYPT-([A-Z0-9]+)/.exec(files.findLine(`${path}/dm/uuid`) ?? "")?.[1];
}

/** Tells whether a device is completely on encrypted ones; undefined if it is not in /sys/block. */
export type IsEncrypted = (device: { device: string; number?: string }) => boolean | undefined;

/** Looks at the names of all devices once. */
export function openEncryption(files: HostFiles): IsEncrypted {
  let mapped: Map<string, string> | undefined;
  let disks: Set<string> | undefined;

  function findDevicePath(device: string, number: string | undefined): string | undefined {
    const byNumber = number && `/sys/dev/block/${number}`;
    if (byNumber && files.exists(byNumber)) return byNumber;
    if (!device.startsWith("/dev/")) return undefined;
    const name = basename(device);
    mapped ??= new Map(listMappedDevices(files).map((each) => [each.name, each.path]));
    const path = mapped.get(name);
    if (path !== undefined) return path;
    if (files.exists(`${BLOCK}/${name}`)) return `${BLOCK}/${name}`;
    disks ??= new Set(files.list(BLOCK));
    // The name of a partition begins with that of its disk.
    for (let end = 1; end < name.length; end += 1) {
      const disk = name.slice(0, end);
      if (disks.has(disk) && files.exists(`${BLOCK}/${disk}/${name}`)) return `${BLOCK}/${disk}/${name}`;
    }
    return undefined;
  }

  return ({ device, number }) => {
    const path = findDevicePath(device, number);
    return path === undefined ? undefined : isEncryptedPath(files, path, 0);
  };
}

/** A volume on several devices (LVM, RAID) is encrypted if each of them is. */
function isEncryptedPath(files: HostFiles, path: string, depth: number): boolean {
  if (encryptionOf(files, path) !== undefined) return true;
  const below = depth < MAX_DEPTH ? files.list(`${path}/slaves`) : [];
  return (
    below.length > 0 && below.every((name) => isEncryptedPath(files, `${path}/slaves/${name}`, depth + 1))
  );
}
