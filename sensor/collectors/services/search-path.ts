// systemd's search path for system units and its contents. Each folder is listed only once, here.
import { basename } from "node:path";
import { type HostFiles, linkTarget } from "../host-files.ts";
import { templateOf } from "./unit-name.ts";

/** In order of precedence, as `systemd-analyze unit-paths` prints them. */
export const SEARCH_PATH = [
  "/etc/systemd/system.control",
  "/run/systemd/system.control",
  "/run/systemd/transient",
  "/run/systemd/generator.early",
  "/etc/systemd/system",
  "/etc/systemd/system.attached",
  "/run/systemd/system",
  "/run/systemd/system.attached",
  "/run/systemd/generator",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
  "/run/systemd/generator.late",
];
export const CONFIG_FOLDER = "/etc/systemd/system";

export interface UnitFolder {
  path: string;
  /** The path on this system's disk, with links followed. */
  realPath: string;
  files: ReadonlySet<string>;
  /** Absolute targets of the links, by name. */
  links: ReadonlyMap<string, string>;
  /** The names of the links, by the name of their target. */
  linksTo: ReadonlyMap<string, readonly string[]>;
  /** Names linked from its `.wants`, `.requires` and `.upholds` folders. */
  wanted: ReadonlySet<string>;
  /** The instances among these, by their template. */
  wantedInstances: ReadonlyMap<string, readonly string[]>;
  /** Names of its `.d` folders, which hold drop-ins. */
  dropIns: ReadonlySet<string>;
}

/** `isIncluded`: whether a unit file is of the types in use. A host may have many of the others. */
export function listUnitFolders(files: HostFiles, isIncluded: (name: string) => boolean): UnitFolder[] {
  const folders: UnitFolder[] = [];
  const seen = new Set<string>();
  for (const path of SEARCH_PATH) {
    // With merged /usr, /lib and /usr/lib are the same folder.
    const real = files.findRealPath(path);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    folders.push(listUnitFolder(files, path, real, isIncluded));
  }
  return folders;
}

function listUnitFolder(
  files: HostFiles,
  path: string,
  realPath: string,
  isIncluded: (name: string) => boolean,
): UnitFolder {
  const regular = new Set<string>();
  const links = new Map<string, string>();
  const linksTo = new Map<string, string[]>();
  const wanted = new Set<string>();
  const dropIns = new Set<string>();
  for (const { name, kind } of files.listEntries(path)) {
    if (kind === "file") {
      if (isIncluded(name)) regular.add(name);
    } else if (kind === "link") {
      const target = files.findLink(`${path}/${name}`);
      if (target === undefined) continue;
      links.set(name, linkTarget(`${path}/${name}`, target));
      addTo(linksTo, basename(target), name);
    } else if (kind === "folder" && /\.(?:wants|requires|upholds)$/.test(name)) {
      for (const entry of files.listEntries(`${path}/${name}`))
        if (entry.kind === "link") wanted.add(entry.name);
    } else if (kind === "folder" && name.endsWith(".d")) dropIns.add(name);
  }
  const wantedInstances = new Map<string, string[]>();
  for (const name of wanted) {
    const template = templateOf(name);
    if (template !== undefined) addTo(wantedInstances, template, name);
  }
  return { path, realPath, files: regular, links, linksTo, wanted, wantedInstances, dropIns };
}

function addTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

export function isRuntimeFolder(path: string): boolean {
  return path.startsWith("/run/");
}
