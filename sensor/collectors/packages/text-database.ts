// Databases of packages that are one text.
import { CannotRead } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import type { HostFile } from "../open-regular-file.ts";

const MAX_DATABASE_BYTES = 64 * 1024 * 1024;

/** Undefined if it does not exist. Throws CannotRead. */
export function readDatabaseText(files: HostFiles, path: string): string | undefined {
  return files.readText(path, MAX_DATABASE_BYTES);
}

const PART_BYTES = 128 * 1024;
const MAX_PARTS_BYTES = 192 * 1024 * 1024;
/** Larger than the entry of any package: some list a hundred thousand files. */
const MAX_ENTRY_BYTES = 16 * 1024 * 1024;

/**
 * The text of a database in parts, each of which ends with an empty line: a hundred thousand packages have
 * too much text to be in memory at once. Undefined if it does not exist. Throws CannotRead, also later.
 */
export function readDatabaseParts(files: HostFiles, path: string): Iterable<string> | undefined {
  const file = files.open(path);
  return file && partsOf(files, path, file);
}

function* partsOf(files: HostFiles, path: string, opened: HostFile): Generator<string> {
  using file = opened;
  let rest = Buffer.alloc(0);
  for (let offset = 0, isEnd = false; !isEnd; ) {
    const part = file.readAt(offset, Math.max(PART_BYTES, rest.length));
    offset += part.length;
    isEnd = part.length === 0;
    const all = Buffer.concat([rest, part]);
    const end = isEnd ? all.length : Math.max(endAfter(all, "\n\n"), endAfter(all, "\n\r\n"));
    if (end > 0) yield all.toString("utf8", 0, end);
    rest = all.subarray(end);
    if (rest.length > MAX_ENTRY_BYTES)
      throw new CannotRead(path, `an entry is larger than ${MAX_ENTRY_BYTES} bytes`, "limit");
    if (isEnd || offset < MAX_PARTS_BYTES) continue;
    files.noteGap({ kind: "limit", subject: path, reason: `only its first ${offset} bytes are read` });
    return;
  }
}

function endAfter(bytes: Buffer, mark: string): number {
  const at = bytes.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
}

/** Notes one gap for all defects of a file, so that a file of noise does not fill the report. */
export function openDamage() {
  let first: string | undefined;
  let count = 0;
  return {
    add(reason: string): void {
      first ??= reason;
      count += 1;
    },
    note(files: HostFiles, subject: string): void {
      if (first !== undefined) files.noteGap({ kind: "damaged", subject, reason: first, count });
    },
  };
}
