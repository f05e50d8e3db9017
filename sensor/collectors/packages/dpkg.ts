// Packages of dpkg (Debian, Ubuntu), from its status file, the updates not yet merged into it, and status.d
// in distroless images.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { PACKAGE_STATES } from "@attacklens/protocol/inventory/packaging.ts";
import { parseCount } from "../collector.ts";
import { type Stanza, visitStanzas } from "./dpkg-stanzas.ts";
import { type PackageFacts, type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";
import { copied, noteDamage, readDatabaseParts } from "./text-database.ts";

const STATUS = "/var/lib/dpkg/status";
const UPDATES = "/var/lib/dpkg/updates";
const STATUS_FOLDER = "/var/lib/dpkg/status.d";

export function readDpkgPackages({ files, distribution }: PackageSource): Item<"packages">[] | undefined {
  const status = readDatabaseParts(files, STATUS);
  const distroless = files.list(STATUS_FOLDER).filter((name) => !name.endsWith(".md5sums"));
  if (status === undefined && distroless.length === 0) return undefined;

  /** Undefined: not installed. */
  const packages = new Map<string, Item<"packages"> | undefined>();
  const shared = new Map<string, string>();
  const addAll = (path: string, parts: Iterable<string>, defaultStatus?: string) => {
    const damage: string[] = [];
    let last = "";
    for (const part of parts) {
      visitStanzas(part, (stanza) => {
        stanza.status ??= defaultStatus;
        if (!stanza.package) damage.push("a stanza has no package");
        else {
          const item = dpkgItem(copiedStanza(stanza, shared), distribution);
          packages.set(copied(`${stanza.package}:${stanza.architecture}`), item);
        }
      });
      files.checkTime();
      last = part;
    }
    if (path === STATUS && last !== "" && !last.endsWith("\n"))
      damage.push("it ends in the middle of a line");
    noteDamage(files, path, damage);
  };
  addAll(STATUS, status ?? []);
  for (const name of files.list(UPDATES)) {
    // While dpkg runs, numbered files there contain changes newer than the status file.
    if (/^\d+$/.test(name)) addAll(`${UPDATES}/${name}`, [files.findText(`${UPDATES}/${name}`) ?? ""]);
  }
  for (const name of distroless) {
    const path = `${STATUS_FOLDER}/${name}`;
    addAll(path, [files.findText(path) ?? ""], "install ok installed");
  }
  return [...packages.values()].filter((item) => item !== undefined);
}

const MAX_SHARED = 5_000;

/** The values without the text that they are part of. Many packages have the same maintainer. */
function copiedStanza(stanza: Stanza, shared: Map<string, string>): Stanza {
  const values = Object.entries(stanza).map(([field, value]: [string, string]) => {
    const known = shared.get(value) ?? copied(value);
    if (shared.size < MAX_SHARED && field !== "package") shared.set(known, known);
    return [field, known] as const;
  });
  return Object.fromEntries(values);
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
