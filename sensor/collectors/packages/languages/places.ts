// Where services are usually installed, beside the folders of the system's packages.
import { posix } from "node:path";
import { firstOf } from "../../first-of.ts";
import type { HostFiles } from "../../host-files.ts";

const MAX_FOLDERS = 500;

/** The folders directly below /opt and /srv. */
export function listApplicationFolders(files: HostFiles): string[] {
  return ["/opt", "/srv"].flatMap((base) => {
    const folders = files
      .listEntries(base)
      .flatMap(({ name, kind }) => (kind === "folder" ? posix.join(base, name) : []));
    return firstOf(files, base, folders, MAX_FOLDERS, "read");
  });
}

/** Each folder that exists, once: links of merged /usr and lib64 lead to the same one. */
export function distinctFolders(files: HostFiles, folders: Iterable<string>): string[] {
  const seen = new Set<string>();
  const distinct: string[] = [];
  for (const folder of folders) {
    const real = files.findRealPath(folder);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    distinct.push(folder);
  }
  return distinct;
}
