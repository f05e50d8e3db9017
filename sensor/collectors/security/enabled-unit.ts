// Whether a unit is enabled: a target of the administrator or of the distribution wants it.
import type { HostFiles } from "../host-files.ts";

const FOLDERS = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

export function isUnitWanted(files: HostFiles, unit: string): boolean {
  const config = `/etc/systemd/system/${unit}`;
  if (files.findLink(config) === "/dev/null") return false;
  return FOLDERS.some((folder) =>
    files
      .list(folder)
      .some(
        (name) => /\.(?:wants|requires|upholds)$/.test(name) && files.findLink(`${folder}/${name}/${unit}`),
      ),
  );
}
