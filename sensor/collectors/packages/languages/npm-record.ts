// The record of a tree that npm writes into node_modules: one file instead of a thousand. Like npm, this
// trusts it only if nothing was added or removed since.
import { posix } from "node:path";
import type { HostFiles } from "../../host-files.ts";

export interface RecordedPackage {
  folder: string;
  name: string;
  version: string;
}

const FILE = ".package-lock.json";
const MAX_BYTES = 8 * 1024 * 1024;
const PREFIX = "node_modules/";

/** Undefined if there is no record, or if it is not that of the tree as it is now. */
export function readNpmRecord(files: HostFiles, modules: string): RecordedPackage[] | undefined {
  const record = files.findStat(`${modules}/${FILE}`);
  const folder = files.findStat(modules);
  if (record === undefined || folder === undefined || folder.modifiedMs > record.modifiedMs) return undefined;
  const packages = parseRecord(files.findText(`${modules}/${FILE}`, MAX_BYTES) ?? "");
  const isCurrent = packages?.every((one) => files.exists(posix.join(modules, one.folder, "package.json")));
  return isCurrent
    ? packages?.map((one) => ({ ...one, folder: posix.join(modules, one.folder) }))
    : undefined;
}

/** The keys are paths such as `node_modules/a/node_modules/@b/c`. An alias has its real name in the entry. */
function parseRecord(text: string): RecordedPackage[] | undefined {
  try {
    const { packages } = JSON.parse(text);
    return Object.entries<{ name?: unknown; version?: unknown; link?: unknown }>(packages).flatMap(
      ([path, { name, version, link }]) => {
        if (!path.startsWith(PREFIX) || link === true || path.split("/").includes("..")) return [];
        const ofPath = path.slice(path.lastIndexOf(PREFIX) + PREFIX.length);
        return {
          folder: path.slice(PREFIX.length),
          name: typeof name === "string" ? name : ofPath,
          version: typeof version === "string" ? version : "",
        };
      },
    );
  } catch {
    return undefined;
  }
}
