// Packages of opkg (OpenWrt, Yocto, Entware), from its status file, which has the form of dpkg's.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { parseCount } from "../collector.ts";
import { parseStanzas, type Stanza } from "./dpkg-stanzas.ts";
import { type PackageFacts, type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";
import { openDamage, readDatabaseParts } from "./text-database.ts";

const STATUS_FILES = ["/usr/lib/opkg/status", "/var/lib/opkg/status", "/opt/lib/opkg/status"];
/** Two states are only for packages whose scripts failed. */
const STATES: Readonly<Record<string, PackageFacts["state"]>> = {
  installed: "installed",
  unpacked: "unpacked",
  "half-installed": "half-installed",
  "half-configured": "half-configured",
  "post-inst-failed": "half-configured",
  "removal-failed": "half-installed",
};

export function readOpkgPackages({
  files,
  distribution,
}: PackageSource): Iterable<Item<"packages">> | undefined {
  const seen = new Set<string>();
  const databases = STATUS_FILES.flatMap((path) => {
    // On OpenWrt, one path is often a link to the other.
    const real = files.findRealPath(path);
    if (real === undefined || seen.has(real)) return [];
    seen.add(real);
    const parts = readDatabaseParts(files, path);
    return parts === undefined ? [] : { path, parts };
  });
  return databases.length === 0 ? undefined : readPackages();

  function* readPackages(): Generator<Item<"packages">> {
    for (const { path, parts } of databases) {
      const damage = openDamage();
      for (const part of parts) {
        for (const stanza of parseStanzas(part)) {
          if (!stanza.package) damage.add("a stanza has no package");
          const item = opkgItem(stanza, distribution);
          if (item !== undefined) yield item;
        }
        files.checkTime();
      }
      damage.note(files, path);
    }
  }
}

/** The second word of the status has flags, such as `ok`, or `hold,user`. */
function opkgItem(stanza: Stanza, distribution: Distribution): Item<"packages"> | undefined {
  const [want, flags = "", stateText = ""] = (stanza.status ?? "").toLowerCase().split(/\s+/);
  const { package: name, version = "", architecture = "" } = stanza;
  const state = STATES[stateText];
  if (!name || state === undefined) return undefined;
  return packageItem("opkg", architecture, {
    name,
    version,
    architecture,
    state,
    held: want === "hold" || flags.split(",").includes("hold") || undefined,
    purl: distributionPurl("opkg", distribution, { name, version, arch: architecture }),
    vendor: stanza.maintainer,
    sizeBytes: parseCount(stanza.installedSize),
  });
}
