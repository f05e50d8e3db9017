// Mounted file systems with data, from mount(8).
import { statfsSync } from "node:fs";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { upToTen } from "../system/mounts.ts";

type Mount = Extract<Item<"system">, { kind: "mount" }>;

export const MOUNT = { path: "/sbin/mount", args: [] };
const DISKS = new Set(["apfs", "hfs", "msdos", "exfat", "ntfs", "ufs"]);
const NETWORK = new Set(["nfs", "smbfs", "afpfs", "webdav", "ftp"]);
/** What mount prints, and what other systems call it. */
const RESTRICTIONS: Record<string, string> = {
  "read-only": "ro",
  nodev: "nodev",
  nosuid: "nosuid",
  noexec: "noexec",
};

/**
 * Lines such as `/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled)`. Without the volumes that
 * macOS has for itself, and images of disks.
 */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line): Mount[] => {
    const start = line.indexOf(" on ");
    const end = line.lastIndexOf(" (");
    if (start < 0 || end < start || !line.endsWith(")")) return [];
    const [device, path] = [line.slice(0, start), line.slice(start + " on ".length, end)];
    const [fileSystem = "", ...options] = line.slice(end + 2, -1).split(", ");
    if (!DISKS.has(fileSystem) && !NETWORK.has(fileSystem)) return [];
    const isOfSystem = path.startsWith("/System/Volumes/") && path !== "/System/Volumes/Data";
    if (isOfSystem || path.startsWith("/private/var/") || path.startsWith("/Library/Developer/")) return [];
    return [
      {
        key: factText(`mount:${path}`, 1_100),
        kind: "mount",
        path: factText(path, 1_000),
        device: factText(withoutAccount(device), 1_000),
        fileSystem,
        options: options.flatMap((option) => RESTRICTIONS[option] ?? []),
      },
    ];
  });
}

/** `//anna:secret@server/share` → `//server/share`. */
function withoutAccount(device: string): string {
  return device.replace(/^((?:[a-z]{1,10}:)?\/\/)[^/]*@/, "$1");
}

/** For disks only: the call would block on a server that does not respond. */
export function withSpace(mounts: readonly Mount[]): Mount[] {
  return mounts.map((mount) => {
    if (NETWORK.has(mount.fileSystem)) return mount;
    try {
      const { blocks, bsize, bavail } = statfsSync(mount.path);
      const sizeBytes = blocks * bsize;
      const usedPercent = upToTen(blocks - bavail, blocks);
      return { ...mount, sizeBytes: Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined, usedPercent };
    } catch {
      return mount;
    }
  });
}
