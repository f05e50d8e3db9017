// Packages of dpkg (Debian, Ubuntu), from its status file, the updates not yet merged into it, and status.d
// in distroless images.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { type Distribution, formatPurl } from "./purl.ts";

const STATUS = "/var/lib/dpkg/status";
const UPDATES = "/var/lib/dpkg/updates";
const STATUS_FOLDER = "/var/lib/dpkg/status.d";
const MAX_STATUS_BYTES = 64 * 1024 * 1024;

/** The fields to read, in lower case. */
const FIELDS = new Set([
  "package",
  "status",
  "version",
  "architecture",
  "source",
  "maintainer",
  "installed-size",
]);
export type Stanza = Map<string, string>;

/** Undefined if the host has no dpkg. */
export function readDpkgPackages(
  files: HostFiles,
  distribution: Distribution,
): Item<"packages">[] | undefined {
  const status = files.readText(STATUS, MAX_STATUS_BYTES);
  const distroless = files.list(STATUS_FOLDER).filter((name) => !name.endsWith(".md5sums"));
  if (status === undefined && distroless.length === 0) return undefined;

  const packages = new Map<string, Stanza>();
  const add = (stanza: Stanza) =>
    packages.set(`${stanza.get("package")}:${stanza.get("architecture")}`, stanza);
  for (const stanza of parseStanzas(status ?? "")) add(stanza);
  for (const name of files.list(UPDATES)) {
    // While dpkg runs, numbered files there contain changes newer than the status file.
    if (/^\d+$/.test(name))
      for (const stanza of parseStanzas(files.findText(`${UPDATES}/${name}`) ?? "")) add(stanza);
  }
  for (const name of distroless) {
    for (const stanza of parseStanzas(files.findText(`${STATUS_FOLDER}/${name}`) ?? "")) {
      if (!stanza.has("status")) stanza.set("status", "install ok installed");
      add(stanza);
    }
  }
  return [...packages.values()].flatMap((stanza) => dpkgItem(stanza, distribution) ?? []);
}

/**
 * Splits deb822 text (deb-control(5)) into stanzas. Keeps only the first line of a field with several lines.
 */
export function parseStanzas(text: string): Stanza[] {
  const stanzas: Stanza[] = [];
  let stanza: Stanza = new Map();
  let start = 0;
  while (start <= text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    if (end === start) {
      if (stanza.size > 0) stanzas.push(stanza);
      stanza = new Map();
    } else {
      const first = text.charCodeAt(start);
      if (first !== 32 && first !== 9) {
        const colon = text.indexOf(":", start);
        if (colon > start && colon < end && colon - start < 20) {
          const field = text.slice(start, colon).toLowerCase();
          if (FIELDS.has(field)) stanza.set(field, text.slice(colon + 1, end).trim());
        }
      }
    }
    start = end + 1;
  }
  if (stanza.size > 0) stanzas.push(stanza);
  return stanzas;
}

/**
 * Undefined if the package is not installed: it was removed but not purged, or it is not completely unpacked.
 */
export function dpkgItem(stanza: Stanza, distribution: Distribution): Item<"packages"> | undefined {
  const name = stanza.get("package");
  const state = stanza.get("status")?.split(/\s+/)[2];
  const isInstalled = state === "installed" || state === "triggers-awaited" || state === "triggers-pending";
  if (!name || !isInstalled) return undefined;
  const version = stanza.get("version") ?? "";
  const architecture = stanza.get("architecture") ?? "";
  const [, source = name, sourceVersion = version] =
    /^(\S+)(?:\s+\((.*)\))?$/.exec(stanza.get("source") ?? "") ?? [];
  const sizeKib = parseCount(stanza.get("installed-size"));
  return {
    key: factText(`dpkg:${name}:${architecture}`, 400),
    manager: "dpkg",
    name: factText(name, 250),
    version: factText(version, 250),
    architecture: factText(architecture, 40),
    source: source === name ? undefined : factText(source, 250),
    sourceVersion: sourceVersion === version ? undefined : factText(sourceVersion, 250),
    purl: factText(formatPurl("deb", distribution, name, version, { arch: architecture }), 1_000),
    vendor: optionalFact(stanza.get("maintainer"), 300),
    sizeBytes: sizeKib === undefined || sizeKib > 2 ** 42 ? undefined : sizeKib * 1024,
  };
}
