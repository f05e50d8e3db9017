// A disk of a Windows system that is mounted at a folder.
import type { HostFiles } from "../host-files.ts";

export const CONFIG = "C:\\Windows\\System32\\config";

/** Whether the root is the disk of a Windows system. */
export function isWindowsDisk(files: HostFiles): boolean {
  return !files.isLive && findIgnoringCase(files, `${CONFIG}\\SOFTWARE`) !== undefined;
}

/** File systems of other systems distinguish `Windows` and `WINDOWS`. The disk has one drive, C. */
export function findIgnoringCase(files: HostFiles, windowsPath: string): string | undefined {
  const path = windowsPath.replaceAll("\\", "/");
  if (!/^c:\//i.test(path)) return undefined;
  let found = "";
  for (const part of path.slice(3).split("/").filter(Boolean)) {
    const wanted = part.toLowerCase();
    const name = files.exists(`${found}/${part}`)
      ? part
      : files.list(found || "/").find((each) => each.toLowerCase() === wanted);
    if (name === undefined) return undefined;
    found = `${found}/${name}`;
  }
  return found || "/";
}
