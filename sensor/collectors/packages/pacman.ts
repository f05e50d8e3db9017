// Packages of pacman (Arch Linux, Manjaro), from its local database: a folder for each package, with sections
// such as `%NAME%` and their values (alpm-db-desc(5)).
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";

const SETTINGS = "/etc/pacman.conf";
const DEFAULT_DATABASE = "/var/lib/pacman";

export function readPacmanPackages({
  files,
  distribution,
  isFull,
}: PackageSource): Iterable<Item<"packages">> | undefined {
  const settings = readSettings(files);
  const folder = `${settings.database}/local`;
  const entries = files.listEntries(folder).filter(({ kind }) => kind === "folder");
  if (entries.length === 0 && !files.exists(`${folder}/ALPM_DB_VERSION`)) return undefined;
  return readPackages();

  function* readPackages(): Generator<Item<"packages">> {
    for (const { name } of entries) {
      if (isFull()) {
        yield packageItem("pacman", "", { name, version: "" });
        continue;
      }
      const path = `${folder}/${name}/desc`;
      const sections = parseSections(files.findText(path) ?? "");
      const item = pacmanItem(sections, distribution, settings.ignored);
      if (item === undefined) files.noteGap({ kind: "damaged", subject: path, reason: "it has no name" });
      else yield item;
    }
  }
}

/** The first value of each section, and all of `%GROUPS%` as they are. */
export function parseSections(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let values: string[] = [];
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed.length > 2 && trimmed.startsWith("%") && trimmed.endsWith("%")) {
      values = [];
      sections.set(trimmed.slice(1, -1), values);
    } else if (trimmed !== "") values.push(trimmed);
  }
  return sections;
}

/** Packages that are built together have the version of their base. */
function pacmanItem(
  sections: ReadonlyMap<string, string[]>,
  distribution: Distribution,
  ignored: ReadonlySet<string>,
): Item<"packages"> | undefined {
  const first = (section: string) => sections.get(section)?.[0];
  const name = first("NAME");
  if (name === undefined) return undefined;
  const version = first("VERSION") ?? "";
  const architecture = first("ARCH") ?? "";
  const isHeld =
    ignored.has(name) || (sections.get("GROUPS") ?? []).some((group) => ignored.has(`@${group}`));
  return packageItem("pacman", architecture, {
    name,
    version,
    architecture,
    held: isHeld || undefined,
    source: first("BASE"),
    sourceVersion: first("BASE") && version,
    purl: distributionPurl("alpm", distribution, { name, version, arch: architecture }),
    vendor: first("PACKAGER"),
    sizeBytes: parseCount(first("SIZE")),
  });
}

/** DBPath, and the names in IgnorePkg; those in IgnoreGroup with `@` before them (pacman.conf(5)). */
function readSettings(files: HostFiles): { database: string; ignored: Set<string> } {
  const ignored = new Set<string>();
  let database = DEFAULT_DATABASE;
  for (const line of (files.findText(SETTINGS) ?? "").split("\n")) {
    const [option = "", value = ""] = splitOnce(line.split("#", 1)[0] ?? "", "=");
    if (option === "DBPath" && value.startsWith("/")) database = value.replace(/\/+$/, "");
    if (option !== "IgnorePkg" && option !== "IgnoreGroup") continue;
    for (const name of value.split(/\s+/).filter(Boolean))
      ignored.add(option === "IgnorePkg" ? name : `@${name}`);
  }
  return { database, ignored };
}

function splitOnce(line: string, mark: string): [string, string] {
  const at = line.indexOf(mark);
  return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
