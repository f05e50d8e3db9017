// A registry made of hive files: each one is mounted at a path, as Windows does when it starts.
import type { HostFile } from "../open-regular-file.ts";
import type { Hive, ReadBlock } from "./hive.ts";
import type { Registry } from "./registry.ts";

export interface HiveMount {
  /** E.g. `HKLM\SOFTWARE`. */
  path: string;
  /** Opened at the first use; undefined if the file is missing or damaged. */
  open(): Hive | undefined;
}

/** A mount hides what `below` has at its path. */
export function mountHives(mounts: readonly HiveMount[], below?: Registry): Registry {
  const opened = new Map<HiveMount, Hive | undefined>();
  const prefixes = mounts.map((mount) => ({ mount, prefix: mount.path.toLowerCase() }));

  function find(path: string): { hive: Hive | undefined; rest: string[] } | undefined {
    const lower = path.toLowerCase();
    const match = prefixes.find(({ prefix }) => lower === prefix || lower.startsWith(`${prefix}\\`));
    if (match === undefined) return undefined;
    const { mount, prefix } = match;
    if (!opened.has(mount)) opened.set(mount, mount.open());
    return {
      hive: opened.get(mount),
      rest: path
        .slice(prefix.length + 1)
        .split("\\")
        .filter(Boolean),
    };
  }

  /** `HKU` has one key for each hive of a user. */
  function mountedBelow(path: string): string[] {
    const prefix = `${path.toLowerCase()}\\`;
    return mounts.flatMap(({ path: at }) =>
      at.toLowerCase().startsWith(prefix) && !at.slice(prefix.length).includes("\\")
        ? at.slice(prefix.length)
        : [],
    );
  }

  return {
    findValues(path) {
      const mounted = find(path);
      return mounted ? mounted.hive?.findValues(mounted.rest) : below?.findValues(path);
    },
    listKeys(path) {
      const mounted = find(path);
      if (mounted) return mounted.hive?.listKeys(mounted.rest) ?? [];
      return [...new Set([...(below?.listKeys(path) ?? []), ...mountedBelow(path)])];
    },
  };
}

const BLOCK_BYTES = 32 * 1024;
/** 16 MB of a file, which may have several hundred. */
const MAX_BLOCKS = 512;

/** Keeps a part of the file in memory. */
export function readInBlocks(file: HostFile): ReadBlock {
  const blocks = new Map<number, Buffer>();

  function block(number: number): Buffer {
    const known = blocks.get(number);
    if (known) return known;
    const bytes = file.readAt(number * BLOCK_BYTES, BLOCK_BYTES);
    const read = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (blocks.size >= MAX_BLOCKS) blocks.delete(blocks.keys().next().value!);
    blocks.set(number, read);
    return read;
  }

  return (offset, length) => {
    if (offset >= file.sizeBytes || length <= 0) return Buffer.alloc(0);
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((Math.min(offset + length, file.sizeBytes) - 1) / BLOCK_BYTES);
    const start = offset - first * BLOCK_BYTES;
    if (first === last) return block(first).subarray(start, start + length);
    const parts: Buffer[] = [];
    for (let number = first; number <= last; number += 1) parts.push(block(number));
    return Buffer.concat(parts).subarray(start, start + length);
  };
}
