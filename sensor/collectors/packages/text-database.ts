// Databases of packages that are one text.
import { CannotRead } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import type { HostFile } from "../open-regular-file.ts";

const MAX_DATABASE_BYTES = 64 * 1024 * 1024;

/** Undefined if it does not exist. Throws CannotRead. */
export function readDatabaseText(files: HostFiles, path: string): string | undefined {
  return files.readText(path, MAX_DATABASE_BYTES);
}

const PART_BYTES = 1024 * 1024;

/**
 * The text of a database in parts, each of which ends with an empty line: a hundred thousand packages have
 * too much text to be in memory at once. Undefined if it does not exist. Throws CannotRead.
 */
export function readDatabaseParts(files: HostFiles, path: string): Iterable<string> | undefined {
  const file = files.open(path);
  if (file === undefined) return undefined;
  if (file.sizeBytes <= MAX_DATABASE_BYTES) return partsOf(file);
  file[Symbol.dispose]();
  throw new CannotRead(path, `larger than ${MAX_DATABASE_BYTES} bytes`, "limit");
}

function* partsOf(opened: HostFile): Generator<string> {
  using file = opened;
  let rest = Buffer.alloc(0);
  for (let offset = 0, isEnd = false; !isEnd; ) {
    const part = file.readAt(offset, Math.max(PART_BYTES, rest.length));
    offset += part.length;
    isEnd = part.length === 0 || offset > MAX_DATABASE_BYTES;
    const all = Buffer.concat([rest, part]);
    const end = isEnd ? all.length : Math.max(endAfter(all, "\n\n"), endAfter(all, "\n\r\n"));
    if (end > 0) yield all.toString("utf8", 0, end);
    rest = all.subarray(end);
  }
}

function endAfter(bytes: Buffer, mark: string): number {
  const at = bytes.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
}

/** The same text in new memory: a part of another text would keep all of that one. */
export function copied(text: string): string {
  return Buffer.from(text).toString();
}

/** One gap for all defects of a file, so that a file of noise does not fill the report. */
export function noteDamage(files: HostFiles, subject: string, defects: readonly string[]): void {
  const [reason] = defects;
  if (reason !== undefined) files.noteGap({ kind: "damaged", subject, reason, count: defects.length });
}
