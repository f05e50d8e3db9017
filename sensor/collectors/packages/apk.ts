// Packages of apk (Alpine), from its database of installed packages: text with one-letter fields
// (apk-package(5)).
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { type Distribution, formatPurl } from "./purl.ts";

/** apk 3 uses the second path on a system with merged /usr. */
const DATABASES = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
const MAX_DATABASE_BYTES = 64 * 1024 * 1024;

/** Undefined if the host has no apk. */
export function readApkPackages(
  files: HostFiles,
  distribution: Distribution,
): Item<"packages">[] | undefined {
  for (const path of DATABASES) {
    const text = files.readText(path, MAX_DATABASE_BYTES);
    if (text !== undefined) return parseApkDatabase(text, distribution);
  }
  return undefined;
}

export function parseApkDatabase(text: string, distribution: Distribution): Item<"packages">[] {
  return text.split(/\n{2,}/).flatMap((stanza) => apkItem(parseFields(stanza), distribution) ?? []);
}

/** Upper and lower case letters are different fields. The package's fields come before those of its files. */
function parseFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of stanza.split("\n")) {
    const field = line[0];
    if (field === "F") break;
    if (field !== undefined && line[1] === ":" && !fields.has(field)) fields.set(field, line.slice(2).trim());
  }
  return fields;
}

function apkItem(fields: Map<string, string>, distribution: Distribution): Item<"packages"> | undefined {
  const name = fields.get("P");
  if (!name) return undefined;
  const version = fields.get("V") ?? "";
  const architecture = fields.get("A") ?? "";
  const origin = fields.get("o");
  return {
    key: factText(`apk:${name}:${architecture}`, 400),
    manager: "apk",
    name: factText(name, 250),
    version: factText(version, 250),
    architecture: factText(architecture, 40),
    source: origin === name ? undefined : optionalFact(origin, 250),
    purl: factText(formatPurl("apk", distribution, name, version, { arch: architecture }), 1_000),
    vendor: optionalFact(fields.get("m"), 300),
    sizeBytes: parseCount(fields.get("I")),
  };
}
