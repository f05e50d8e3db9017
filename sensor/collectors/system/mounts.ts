// Mounted file systems with the host's data: on disks and from the network. Omits the kernel's file systems
// and duplicate mounts.
import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { openEncryption } from "./block-devices.ts";

export interface Mount {
  /** `major:minor` of its device. */
  number: string;
  /** The mounted part of the file system. Not `/` for bind mounts and btrfs subvolumes. */
  part: string;
  path: string;
  fileSystem: string;
  device: string;
  /** Of the mount and of its file system. */
  options: string[];
}

const MAX_MOUNTINFO_BYTES = 16 * 1024 * 1024;
const MAX_MOUNTS = 2_000;
const NETWORK = new Set([
  "nfs",
  "nfs4",
  "cifs",
  "smb3",
  "ceph",
  "glusterfs",
  "fuse.glusterfs",
  "fuse.sshfs",
  "afs",
  "9p",
  "virtiofs",
]);
/** Images from packages (snap) or in a drive. */
const READ_ONLY_IMAGES = new Set(["squashfs", "iso9660", "udf", "erofs"]);
/** What restricts the files on it. */
const RESTRICTIONS = ["ro", "nodev", "nosuid", "noexec", "nosymfollow"];
/**
 * Folders that every user can write to, or that have a mount for safety. They are reported whatever is
 * mounted.
 */
const SHARED_FOLDERS = new Set([
  "/tmp",
  "/var/tmp",
  "/dev/shm",
  "/home",
  "/var",
  "/var/log",
  "/var/log/audit",
]);
/** Their total size changes with every write, because it is the sum of used and free space. */
const CHANGING_SIZE = new Set(["zfs", "btrfs", "bcachefs"]);

export function readMounts(files: HostFiles): Item<"system">[] {
  const byPath = new Map<string, Mount>();
  // If a path has several mounts, the last one is visible.
  for (const mount of listMounts(files)) byPath.set(mount.path, mount);
  const mounts = [...byPath.values()].filter(holdsData);
  const isEncrypted = openEncryption(files);
  return firstOf(files, "mounts", mounts, MAX_MOUNTS).map((mount) => ({
    key: factText(`mount:${mount.path}`, 1_100),
    kind: "mount" as const,
    path: factText(mount.path, 1_000),
    device: factText(withoutPassword(mount.device), 1_000),
    fileSystem: factText(mount.fileSystem, 60),
    ...readSpace(files, mount),
    options: RESTRICTIONS.filter((option) => mount.options.includes(option)),
    encrypted: isEncrypted(mount),
  }));
}

export function findRootMount(files: HostFiles): Mount | undefined {
  return listMounts(files).findLast(({ path }) => path === "/");
}

/** Whether the files are on another host, or may be: an automounter mounts them when they are read. */
export function isNetworkFileSystem(fileSystem: string): boolean {
  return NETWORK.has(fileSystem) || fileSystem === "autofs" || fileSystem.startsWith("fuse.");
}

export function listMounts(files: HostFiles): Mount[] {
  // The service manager may restrict the sensor's view. Process 1 has the host's.
  const text =
    files.findText("/proc/1/mountinfo", MAX_MOUNTINFO_BYTES) ??
    files.findText("/proc/self/mountinfo", MAX_MOUNTINFO_BYTES) ??
    "";
  return parseMountinfo(text);
}

/** Parses proc_pid_mountinfo(5), in which spaces and tabs in names are octal escapes. */
export function parseMountinfo(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [left = "", right] = line.split(" - ", 2);
    const [, , number, part, path, options = ""] = left.split(" ");
    const [fileSystem, device = "", ofFileSystem = ""] = right?.split(" ") ?? [];
    if (number === undefined || part === undefined || path === undefined || !fileSystem) return [];
    return {
      number,
      part: withoutEscapes(part),
      path: withoutEscapes(path),
      fileSystem,
      device: withoutEscapes(device),
      // The only restriction that a file system itself can have.
      options: [...options.split(","), ...(ofFileSystem.split(",").includes("ro") ? ["ro"] : [])],
    };
  });
}

/** `user:password@host:/folder`, as some programs that mount take it. */
function withoutPassword(device: string): string {
  const [, user, rest] = /^([^/:@[]*):[^/]*@(.*)$/s.exec(device) ?? [];
  return rest === undefined ? device : `${user}@${rest}`;
}

function withoutEscapes(text: string): string {
  return text.includes("\\")
    ? text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    : text;
}

function holdsData({ path, part, fileSystem, device }: Mount): boolean {
  if (path === "/" || (SHARED_FOLDERS.has(path) && fileSystem !== "autofs")) return true;
  if (READ_ONLY_IMAGES.has(fileSystem)) return false;
  if (fileSystem === "zfs" || NETWORK.has(fileSystem)) return true;
  if (!device.startsWith("/dev/") || device.startsWith("/dev/loop")) return false;
  return part === "/" || fileSystem === "btrfs";
}

type Space = Pick<
  Extract<Item<"system">, { kind: "mount" }>,
  "sizeBytes" | "usedPercent" | "inodesUsedPercent"
>;

/** For disks only: the call would block on an unreachable file server, or on a program that serves files. */
function readSpace(files: HostFiles, { path, device, fileSystem, number }: Mount): Space {
  if (!files.isRunning || !device.startsWith("/dev/") || fileSystem.startsWith("fuse")) return {};
  const place = join(files.root, path);
  try {
    // In a container, a later mount of the host is missing below the root.
    if (!files.isLive && deviceNumber(statSync(place).dev) !== number) return {};
    const { blocks, bsize, bfree, bavail, files: inodes, ffree } = statfsSync(place);
    const sizeBytes = blocks * bsize;
    const used = blocks - bfree;
    return {
      sizeBytes: Number.isSafeInteger(sizeBytes) && !CHANGING_SIZE.has(fileSystem) ? sizeBytes : undefined,
      // As df(1) computes it: the blocks that only root may use are neither used nor free.
      usedPercent: upToTen(used, used + bavail),
      inodesUsedPercent: upToTen(inodes - ffree, inodes),
    };
  } catch {
    return {};
  }
}

/**
 * The share in percent, rounded up to a multiple of ten. Undefined if the file system does not count them.
 */
export function upToTen(used: number, total: number): number | undefined {
  if (!(total > 0) || !(used >= 0) || used > total) return undefined;
  return Math.ceil((used / total) * 10) * 10;
}

/** `major:minor`, as Linux packs them into a number (makedev(3)). */
export function deviceNumber(device: number): string {
  const major = Math.floor(device / 0x100) % 0x1000;
  const minor = (device % 0x100) + Math.floor(device / 0x100000) * 0x100;
  return `${major}:${minor}`;
}
