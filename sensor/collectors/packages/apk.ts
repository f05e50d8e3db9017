// Packages of apk (Alpine, Wolfi, OpenWrt), from its database of installed packages: text with one-letter
// fields (apk-package(5)).
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { parseCount } from "../collector.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";
import { openDamage, readDatabaseParts } from "./text-database.ts";

/** apk 3 uses the second path on a system with merged /usr. */
const DATABASES = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
const WORLD = "/etc/apk/world";

type Fields = Partial<Record<string, string>>;

export function readApkPackages({
  files,
  distribution,
}: PackageSource): Iterable<Item<"packages">> | undefined {
  const databases = DATABASES.flatMap((path) => {
    const parts = readDatabaseParts(files, path);
    return parts === undefined ? [] : { path, parts };
  });
  return databases.length === 0 ? undefined : readPackages();

  function* readPackages(): Generator<Item<"packages">> {
    const pinned = pinnedNames(files.findText(WORLD) ?? "");
    let isEmpty = true;
    for (const { path, parts } of databases) {
      const damage = openDamage();
      let last = "";
      for (const part of parts) {
        for (const item of parseApkDatabase(part, distribution, pinned, damage.add)) {
          isEmpty = false;
          yield item;
        }
        files.checkTime();
        last = part;
      }
      if (last !== "" && !last.endsWith("\n")) damage.add("it ends in the middle of a line");
      damage.note(files, path);
      // An image that was converted to merged /usr may keep an empty database at the old path.
      if (!isEmpty) return;
    }
  }
}

export function* parseApkDatabase(
  text: string,
  distribution: Distribution,
  pinned: ReadonlySet<string> = new Set(),
  noteDamage: (reason: string) => void = () => {},
): Generator<Item<"packages">> {
  const unixText = text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text;
  for (let start = 0; start < unixText.length; ) {
    const blank = unixText.indexOf("\n\n", start);
    const end = blank < 0 ? unixText.length : blank;
    const fields = parseFields(unixText, start, end);
    if (fields.P) yield apkItem(fields.P, fields, distribution, pinned);
    else if (Object.keys(fields).length > 0) noteDamage("an entry has no name");
    start = end + 2;
  }
}

/** Upper and lower case letters are different fields. The package's fields come before those of its files. */
function parseFields(text: string, start: number, end: number): Fields {
  const fields: Fields = {};
  for (let at = start; at < end; ) {
    const newline = text.indexOf("\n", at);
    const lineEnd = newline < 0 || newline > end ? end : newline;
    const field = text[at];
    if (field === "F" && text[at + 1] === ":") break;
    if (field !== undefined && text[at + 1] === ":" && at + 2 <= lineEnd)
      fields[field] ??= text.slice(at + 2, lineEnd).trim();
    at = lineEnd + 1;
  }
  return fields;
}

/** All packages of an origin are built together, so they have its version. */
function apkItem(
  name: string,
  fields: Fields,
  distribution: Distribution,
  pinned: ReadonlySet<string>,
): Item<"packages"> {
  const { V: version = "", A: architecture = "", o: origin, m: vendor, I: size } = fields;
  return packageItem("apk", architecture, {
    name,
    version,
    architecture,
    held: pinned.has(name) || undefined,
    source: origin,
    sourceVersion: origin ? version : undefined,
    purl: distributionPurl("apk", distribution, { name, version, arch: architecture }),
    vendor,
    sizeBytes: parseCount(size),
  });
}

/**
 * `name=1.2.3`, `name<2` or `name~1.2` in world(5) holds a package back. `name@tag` only names its source.
 */
function pinnedNames(world: string): Set<string> {
  const names = new Set<string>();
  for (const word of world.split(/\s+/)) {
    const end = word.search(/[=<~]/);
    if (end > 0) names.add(word.slice(0, end).split("@", 1)[0] ?? "");
  }
  return names;
}
