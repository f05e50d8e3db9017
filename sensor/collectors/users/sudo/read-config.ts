// Reads a file that sudo or doas trusts. Both ignore a file that other users than root can change.
import { CannotRead } from "../../collector.ts";
import type { HostFiles } from "../../host-files.ts";

const MAX_BYTES = 8 * 1024 * 1024;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_OTHERS = 0o002;

/**
 * The text, with a line break at its end. Undefined if sudo does not read it either. `mustExist`: a missing
 * file is a gap. Throws CannotRead if only the sensor cannot read it.
 */
export function readConfig(files: HostFiles, path: string, mustExist: boolean): string | undefined {
  const text = readRegular(files, path, mustExist);
  if (text === undefined) {
    if (mustExist) files.noteGap({ kind: "unreadable", subject: path, reason: "sudo cannot read it either" });
    return undefined;
  }
  if (isForeign(files, path)) {
    files.noteGap({
      kind: "damaged",
      subject: path,
      reason: "ignored, because others than root can change it",
    });
    return undefined;
  }
  // sudo ends a line at a NUL, and the last line at the end of the file.
  const lines = text.includes("\0") ? text.replace(/\0[^\n]*/g, "") : text;
  return lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`;
}

/** Undefined for folders, pipes and devices, also behind links, and for missing files. */
function readRegular(files: HostFiles, path: string, mustExist: boolean): string | undefined {
  try {
    return files.readText(path, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof CannotRead) || error.kind !== "unreadable" || mustExist) throw error;
    return undefined;
  }
}

/** A tree that an ordinary user unpacked shows no owners: there, /etc/passwd is not root's either. */
function isForeign(files: HostFiles, path: string): boolean {
  const own = files.findStat(path);
  if (own === undefined || files.findStat("/etc/passwd")?.uid !== 0) return false;
  const isGroupWritable = (own.mode & WRITABLE_BY_GROUP) !== 0 && own.gid !== 0;
  return own.uid !== 0 || isGroupWritable || (own.mode & WRITABLE_BY_OTHERS) !== 0;
}
