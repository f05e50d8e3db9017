// Databases of packages that are one text.
import type { HostFiles } from "../host-files.ts";

const MAX_DATABASE_BYTES = 64 * 1024 * 1024;

/** Undefined if it does not exist. Throws CannotRead. */
export function readDatabaseText(files: HostFiles, path: string): string | undefined {
  return files.readText(path, MAX_DATABASE_BYTES);
}

/** One gap for all defects of a file, so that a file of noise does not fill the report. */
export function noteDamage(files: HostFiles, subject: string, defects: readonly string[]): void {
  const [reason] = defects;
  if (reason !== undefined) files.noteGap({ kind: "damaged", subject, reason, count: defects.length });
}
