// One unit of systemd, for settings that depend on it.
import { findInFolders, readDropIns } from "../configuration.ts";
import type { HostFiles } from "../host-files.ts";
import { SEARCH_PATH } from "../services/search-path.ts";
import { parseUnitFile, type UnitSettings } from "../services/unit-file.ts";

const FOLDERS = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

export interface UnitText {
  /** The unit file. */
  path: string;
  /** Of the file and its drop-ins. Empty: the unit is masked. */
  settings: UnitSettings;
}

/** Undefined if there is no such unit. */
export function readUnit(files: HostFiles, name: string): UnitText | undefined {
  const main = findInFolders(files, SEARCH_PATH, name);
  if (main === undefined) return undefined;
  const settings: UnitSettings = new Map();
  if (main.text !== "") {
    const dropIns = { folder: `${name}.d`, suffix: ".conf", order: "name" } as const;
    for (const { text = "" } of [main, ...readDropIns(files, SEARCH_PATH, dropIns)])
      parseUnitFile(text, settings);
  }
  return { path: main.path, settings };
}

/** Whether a unit is enabled: a target of the administrator or of the distribution wants it. */
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
