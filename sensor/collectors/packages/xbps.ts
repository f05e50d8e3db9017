// Packages of XBPS (Void Linux), from its database: an XML property list of packages.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { parseCount } from "../collector.ts";
import { type PackageFacts, type PackageSource, packageItem } from "./package-source.ts";
import { readDatabaseText } from "./text-database.ts";

const DATABASE = "/var/db/xbps/pkgdb-0.38.plist";
const STATES: Readonly<Record<string, PackageFacts["state"]>> = {
  installed: "installed",
  unpacked: "unpacked",
  broken: "half-installed",
  "half-removed": "half-installed",
};

export function readXbpsPackages({ files }: PackageSource): Iterable<Item<"packages">> | undefined {
  const text = readDatabaseText(files, DATABASE);
  return text === undefined ? undefined : listPackages(text);
}

function* listPackages(text: string): Generator<Item<"packages">> {
  for (const fields of parsePlist(text)) {
    const item = xbpsItem(fields);
    if (item !== undefined) yield item;
  }
}

/** Yields the text values of each dictionary in the outermost one. Nested lists are skipped. */
export function* parsePlist(text: string): Generator<Map<string, string>> {
  const tag = /<(\/?)(dict|array|key|string|integer|true|false)(\/?)>/g;
  let depth = 0;
  let key = "";
  let fields = new Map<string, string>();
  for (let match = tag.exec(text); match !== null; match = tag.exec(text)) {
    const [whole, isEnd, name = "", isEmpty] = match;
    if (name === "dict" || name === "array") {
      if (isEmpty) continue;
      depth += isEnd ? -1 : 1;
      if (!isEnd && depth === 2) fields = new Map();
      if (isEnd && depth === 1) yield fields;
    } else if (!isEnd && depth === 2) {
      const start = match.index + whole.length;
      const end = text.indexOf("<", start);
      const value = isEmpty ? name : decode(text.slice(start, end < 0 ? text.length : end));
      if (name === "key") key = value;
      else fields.set(key, value);
    }
  }
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}

/** `pkgver` is name-version_revision. */
function xbpsItem(fields: ReadonlyMap<string, string>): Item<"packages"> | undefined {
  const full = fields.get("pkgver") ?? "";
  const dash = full.lastIndexOf("-");
  const state = STATES[fields.get("state") ?? ""];
  if (dash <= 0 || state === undefined) return undefined;
  const architecture = fields.get("architecture") ?? "";
  return packageItem("xbps", architecture, {
    name: full.slice(0, dash),
    version: full.slice(dash + 1),
    architecture,
    state,
    held: fields.get("hold") === "true" || undefined,
    vendor: fields.get("maintainer"),
    sizeBytes: parseCount(fields.get("installed_size")),
  });
}
