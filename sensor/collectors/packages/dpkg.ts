// Packages of dpkg (Debian, Ubuntu), from its status file, the updates not yet merged into it, and status.d
// in distroless images.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { PACKAGE_STATES } from "@attacklens/protocol/inventory/packaging.ts";
import { parseCount } from "../collector.ts";
import { parseStanzas, type Stanza } from "./dpkg-stanzas.ts";
import { type PackageFacts, type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";
import { openDamage, readDatabaseParts } from "./text-database.ts";

const STATUS = "/var/lib/dpkg/status";
const UPDATES = "/var/lib/dpkg/updates";
const STATUS_FOLDER = "/var/lib/dpkg/status.d";

export function readDpkgPackages({
  files,
  distribution,
}: PackageSource): Iterable<Item<"packages">> | undefined {
  const status = readDatabaseParts(files, STATUS);
  const distroless = files.list(STATUS_FOLDER).filter((name) => !name.endsWith(".md5sums"));
  if (status === undefined && distroless.length === 0) return undefined;
  return readPackages();

  function* readPackages(): Generator<Item<"packages">> {
    /** Those that the status file may have, too. Undefined: not installed. */
    const newer = new Map<string, Item<"packages"> | undefined>();
    const addAll = (path: string, defaultStatus?: string) => {
      for (const { stanza, item } of stanzasOf(path, [files.findText(path) ?? ""], defaultStatus))
        newer.set(nameOf(stanza), item);
    };
    for (const name of files.list(UPDATES)) {
      // While dpkg runs, numbered files there contain changes newer than the status file.
      if (/^\d+$/.test(name)) addAll(`${UPDATES}/${name}`);
    }
    for (const name of distroless) addAll(`${STATUS_FOLDER}/${name}`, "install ok installed");
    for (const item of newer.values()) if (item !== undefined) yield item;
    for (const { stanza, item } of stanzasOf(STATUS, status ?? []))
      if (item !== undefined && !(newer.size > 0 && newer.has(nameOf(stanza)))) yield item;
  }

  function* stanzasOf(path: string, parts: Iterable<string>, defaultStatus?: string) {
    const damage = openDamage();
    let last = "";
    for (const part of parts) {
      for (const stanza of parseStanzas(part)) {
        stanza.status ??= defaultStatus;
        if (!stanza.package) damage.add("a stanza has no package");
        else yield { stanza, item: dpkgItem(stanza, distribution) };
      }
      files.checkTime();
      last = part;
    }
    if (path === STATUS && last !== "" && !last.endsWith("\n")) damage.add("it ends in the middle of a line");
    damage.note(files, path);
  }
}

function nameOf({ package: name, architecture }: Stanza): string {
  return `${name}:${architecture}`;
}

/**
 * Undefined if no files of the package are on disk: it is not installed, or only its configuration is left.
 */
export function dpkgItem(stanza: Stanza, distribution: Distribution): Item<"packages"> | undefined {
  const { state, held } = parseStatus(stanza.status ?? "");
  const name = stanza.package;
  if (!name || state === undefined) return undefined;
  const { version = "", architecture = "" } = stanza;
  const { name: source, version: sourceVersion } = parseSource(stanza.source, name, version);
  const sizeKib = parseCount(stanza.installedSize);
  return packageItem("dpkg", architecture, {
    name,
    version,
    architecture,
    state,
    held,
    source,
    sourceVersion,
    purl: distributionPurl("deb", distribution, { name, version, arch: architecture }),
    vendor: stanza.maintainer,
    sizeBytes: sizeKib === undefined || sizeKib > 2 ** 42 ? undefined : sizeKib * 1024,
  });
}

/** `install ok installed`: what is wanted, whether it must be installed again, and the state. */
function parseStatus(status: string): Pick<PackageFacts, "state" | "held"> {
  if (status === "install ok installed") return { state: "installed" };
  const [want, , text] = status.toLowerCase().split(/\s+/);
  const state = PACKAGE_STATES.find((known) => known === text);
  return { state, held: want === "hold" ? true : undefined };
}

/**
 * `openssl (1.1.1n-0+deb11u3)`. A binary package without the field, or with a name only, has the version of
 * its source.
 */
function parseSource(
  field: string | undefined,
  name: string,
  version: string,
): { name: string; version: string } {
  if (!field) return { name, version };
  const open = field.indexOf("(");
  const close = field.indexOf(")", open);
  if (open < 0 || close < 0) return { name: field.split(/\s/, 1)[0] || name, version };
  return {
    name: field.slice(0, open).trim() || name,
    version: field.slice(open + 1, close).trim() || version,
  };
}
