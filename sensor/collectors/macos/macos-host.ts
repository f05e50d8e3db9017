// A host with macOS: this one, or a disk or a captured tree of one.
import { gapOf, TooSlow } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { asDict, DamagedPlist, type PlistDict } from "./plist-value.ts";
import { parsePropertyList } from "./property-list.ts";

const MAX_PLIST_BYTES = 8 * 1024 * 1024;
const MAX_USERS = 5_000;

export interface HomeFolder {
  user: string;
  path: string;
}

/** The dictionary in a property list. Undefined if the file is absent; a damaged one is a gap. */
export function readPlist(files: HostFiles, path: string, maxBytes = MAX_PLIST_BYTES): PlistDict | undefined {
  const bytes = files.findBytes(path, maxBytes);
  if (bytes === undefined) return undefined;
  try {
    return asDict(parsePropertyList(bytes));
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    if (error instanceof DamagedPlist)
      files.noteGap({ kind: "damaged", subject: path, reason: error.message });
    else files.noteGap(gapOf(error, path));
    return undefined;
  }
}

/** The usual ones. Those of a directory service elsewhere are not searched. */
export function listHomes(files: HostFiles): HomeFolder[] {
  const folders = files
    .listEntries("/Users")
    .filter(({ name, kind }) => kind === "folder" && name !== "Shared" && !name.startsWith("."));
  return [
    { user: "root", path: "/private/var/root" },
    ...firstOf(files, "/Users", folders, MAX_USERS, "read").map(({ name }) => ({
      user: name,
      path: `/Users/${name}`,
    })),
  ];
}

const PROBE = "/Library/Application Support/com.apple.TCC/TCC.db";

/**
 * macOS hides files even from root, unless the program has Full Disk Access. The database of these
 * permissions is one of them, and every Mac has it.
 */
export function noteMissingAccess(
  files: Pick<HostFiles, "open" | "noteGap" | "isLive">,
  isRoot = process.getuid?.() === 0,
): void {
  if (!files.isLive) return;
  try {
    using _probe = files.open(PROBE);
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    if (gapOf(error, PROBE).kind !== "not-permitted") return;
    files.noteGap({
      kind: "not-permitted",
      subject: isRoot ? "Full Disk Access" : "files of root and other users",
      reason: isRoot
        ? "the sensor does not have it, so macOS hides some files and the result is partial"
        : "the sensor does not run as root, so the result is partial",
    });
  }
}
