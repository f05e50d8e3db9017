// Finds a unit by name as systemd does (src/shared/install.c): in the first folder that has it, with links
// followed and drop-ins added.
import { basename, dirname } from "node:path";
import { type HostFiles, linkTarget } from "../host-files.ts";
import type { UnitFolder } from "./search-path.ts";
import { parseUnitFile, type UnitSettings } from "./unit-file.ts";
import { instanceOf, isInstance, isTemplate, templateOf, withInstance } from "./unit-name.ts";

export interface Unit {
  /** The name of the unit. Differs from the requested name if that is an alias. */
  name: string;
  /** Path of the unit file. */
  path: string;
  isMasked: boolean;
  settings: UnitSettings;
}

/** The units that were loaded for an alias, by path and name. */
export type LoadedUnits = Map<string, Unit>;

const MAX_LINKS = 64;
const MAX_UNIT_BYTES = 256 * 1024;

/**
 * Undefined if there is none, a link is broken or forms a loop, or the file cannot be read: systemd calls
 * these bad.
 */
export function findUnit(
  files: HostFiles,
  folders: readonly UnitFolder[],
  loaded: LoadedUnits,
  wantedName: string,
): Unit | undefined {
  let name = wantedName;
  let path = search(folders, name);
  for (let links = 0; path !== undefined && links < MAX_LINKS; links += 1) {
    const folder = folders.find((candidate) => candidate.path === dirname(path ?? ""));
    const target = folder ? folder.links.get(basename(path)) : outsideTarget(files, path);
    if (target === undefined) {
      const isAlias = name !== wantedName || links > 0;
      return isAlias ? loadUnit(files, folders, loaded, name, path) : readUnit(files, folders, name, path);
    }
    if (target === "/dev/null") return { name, path, isMasked: true, settings: new Map() };
    const isLinkedFile = !isInSearchPath(files, folders, target);
    let targetName = basename(target);
    // A link to a template uses the instance in the link's name.
    if (isInstance(name) && isTemplate(targetName)) targetName = withInstance(targetName, instanceOf(name));
    if (isLinkedFile || targetName === name) path = target;
    else {
      name = targetName;
      path = search(folders, name);
    }
  }
  return undefined;
}

function search(folders: readonly UnitFolder[], name: string): string | undefined {
  for (const candidate of [name, templateOf(name)]) {
    if (candidate === undefined) continue;
    const folder = folders.find((each) => each.files.has(candidate) || each.links.has(candidate));
    if (folder) return `${folder.path}/${candidate}`;
  }
  return undefined;
}

function isInSearchPath(files: HostFiles, folders: readonly UnitFolder[], path: string): boolean {
  const parent = dirname(path);
  if (folders.some((folder) => folder.path === parent)) return true;
  const realParent = files.findRealPath(parent);
  return folders.some((folder) => folder.realPath === realParent);
}

/** Follows a link outside the search path, whose target may be a link too. */
function outsideTarget(files: HostFiles, path: string): string | undefined {
  const target = files.findLink(path);
  return target === undefined ? undefined : linkTarget(path, target);
}

function loadUnit(
  files: HostFiles,
  folders: readonly UnitFolder[],
  loaded: LoadedUnits,
  name: string,
  path: string,
): Unit | undefined {
  // A unit can have thousands of aliases.
  const known = loaded.get(`${path}\0${name}`);
  if (known) return known;
  const unit = readUnit(files, folders, name, path);
  if (unit) loaded.set(`${path}\0${name}`, unit);
  return unit;
}

function readUnit(
  files: HostFiles,
  folders: readonly UnitFolder[],
  name: string,
  path: string,
): Unit | undefined {
  const text = files.findText(path, MAX_UNIT_BYTES);
  if (text === undefined) return undefined;
  // An empty file masks the unit, like a link to /dev/null.
  if (text === "") return { name, path, isMasked: true, settings: new Map() };
  const settings = parseUnitFile(text);
  for (const dropIn of listDropIns(files, folders, name))
    parseUnitFile(files.findText(dropIn, MAX_UNIT_BYTES) ?? "", settings);
  return { name, path, isMasked: false, settings };
}

/**
 * Drop-ins in the order in which they apply: sorted by file name. Of files with the same name, the one in the
 * folder with the highest precedence counts. An alias has drop-ins, too.
 */
function listDropIns(files: HostFiles, folders: readonly UnitFolder[], name: string): string[] {
  const paths = new Map<string, string>();
  const aliases = folders.flatMap(({ linksTo }) => linksTo.get(name) ?? []);
  const names = new Set(
    [name, ...aliases].flatMap((each) => [each, templateOf(each) ?? each, ...prefixesOf(each)]),
  );
  const type = name.slice(name.lastIndexOf(".") + 1);
  for (const group of [names, new Set([type])]) {
    for (const folder of folders) {
      if (folder.dropIns.size === 0) continue;
      for (const unitName of group) {
        if (!folder.dropIns.has(`${unitName}.d`)) continue;
        for (const file of files.list(`${folder.path}/${unitName}.d`)) {
          if (file.endsWith(".conf") && !paths.has(file))
            paths.set(file, `${folder.path}/${unitName}.d/${file}`);
        }
      }
    }
  }
  return [...paths].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, path]) => path);
}

/** `foo-bar.service` also uses the drop-ins in `foo-.service.d`. */
function prefixesOf(name: string): string[] {
  const dot = name.lastIndexOf(".");
  const stem = name.slice(0, dot);
  return [...stem.matchAll(/-/g)]
    .map((dash) => `${stem.slice(0, dash.index + 1)}${name.slice(dot)}`)
    .reverse();
}
