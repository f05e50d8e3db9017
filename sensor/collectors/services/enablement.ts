// Whether a unit starts automatically, in systemd's terms and with its method: by the links that
// `systemctl enable` makes (src/shared/install.c, unit_file_lookup_state and find_symlinks_in_scope).
import { basename, dirname } from "node:path";
import { CONFIG_FOLDER, isRuntimeFolder, type UnitFolder } from "./search-path.ts";
import type { Unit } from "./unit.ts";
import { wordsOf } from "./unit-file.ts";
import { expandSpecifiers, isInstance, isTemplate, templateOf, withInstance } from "./unit-name.ts";

export function enablementOf(folders: readonly UnitFolder[], name: string, unit: Unit | undefined): string {
  if (unit === undefined) return isInFolder(folders, name) ? "bad" : "not-found";
  if (unit.isMasked) return isRuntimeFolder(unit.path) ? "masked-runtime" : "masked";
  if (basename(unit.path) !== name && !isInstance(unit.name)) return "alias";
  if (dirname(unit.path).startsWith("/run/systemd/generator")) return "generated";
  if (dirname(unit.path) === "/run/systemd/transient") return "transient";
  const install = (setting: string) => wordsOf(unit.settings, `Install.${setting}`);
  const aliases = install("Alias").map((alias) => expandSpecifiers(alias, unit.name));
  const linked = linkedState(folders, unit, new Set([unit.name, ...aliases, ...defaultInstance(unit)]));
  if (linked !== undefined) return linked;
  // Linked under a name that enabling it would not create: it may be in use, but not through its own
  // [Install] section.
  if (linkedState(folders, unit, undefined) !== undefined) return "indirect";
  if (["Alias", "WantedBy", "RequiredBy", "UpheldBy"].some((setting) => install(setting).length > 0))
    return "disabled";
  return install("Also").length > 0 ? "indirect" : "static";
}

/** A unit that runs can have lost its file. */
function isInFolder(folders: readonly UnitFolder[], name: string): boolean {
  const names = [name, templateOf(name) ?? name];
  return folders.some(({ files, links }) => names.some((each) => files.has(each) || links.has(each)));
}

function defaultInstance(unit: Unit): string[] {
  const instance = wordsOf(unit.settings, "Install.DefaultInstance").at(-1);
  return instance && isTemplate(unit.name)
    ? [withInstance(unit.name, expandSpecifiers(instance, unit.name))]
    : [];
}

/** The state from links to the unit. Only links of the `known` names count; undefined: all. */
function linkedState(
  folders: readonly UnitFolder[],
  unit: Unit,
  known: ReadonlySet<string> | undefined,
): string | undefined {
  let isEnabledRuntime = false;
  let isEnabledByVendor = false;
  let sameName: "linked" | "linked-runtime" | undefined;
  let isBelowUnit = false;
  for (const folder of folders) {
    const { isWanted, hasSameName } = linksTo(folder, unit, known, isBelowUnit);
    if (isWanted) {
      if (folder.path === CONFIG_FOLDER) return "enabled";
      if (isRuntimeFolder(folder.path)) isEnabledRuntime = true;
      else isEnabledByVendor = true;
    } else if (hasSameName) {
      if (folder.path === CONFIG_FOLDER) sameName = "linked";
      else if (isRuntimeFolder(folder.path)) sameName ??= "linked-runtime";
    }
    // The unit's own folder hides folders with lower precedence.
    if (unit.path.startsWith(`${folder.path}/`)) isBelowUnit = true;
  }
  if (isEnabledRuntime) return "enabled-runtime";
  if (isEnabledByVendor && isInstance(unit.name)) return "static";
  return sameName;
}

function linksTo(
  folder: UnitFolder,
  unit: Unit,
  known: ReadonlySet<string> | undefined,
  isBelowUnit: boolean,
): { isWanted: boolean; hasSameName: boolean } {
  const isKnown = (name: string) => known?.has(name) ?? true;
  const wanted = folder.wanted.has(unit.name) ? [unit.name] : [];
  for (const name of [...wanted, ...(folder.wantedInstances.get(unit.name) ?? [])])
    if (isKnown(name)) return { isWanted: true, hasSameName: false };
  const ownTarget = isBelowUnit ? undefined : folder.links.get(unit.name);
  const hasSameName = ownTarget !== undefined && basename(ownTarget) === unit.name;
  const others = (folder.linksTo.get(unit.name) ?? []).filter((name) => name !== unit.name || isBelowUnit);
  if (ownTarget !== undefined && !hasSameName) others.push(unit.name);
  return { isWanted: others.some(isKnown), hasSameName };
}
