// Packages of rpm (RHEL, Rocky, Fedora, SUSE, Amazon Linux), from the headers in its database.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { type Distribution, formatPurl } from "./purl.ts";
import { readRpmHeaders } from "./rpm-database.ts";
import { RPM_TAG, type RpmHeader } from "./rpm-header.ts";

/** Undefined if the host has no rpm database. */
export function readRpmPackages(
  files: HostFiles,
  distribution: Distribution,
): Item<"packages">[] | undefined {
  const headers = readRpmHeaders(files);
  return headers && rpmItems(headers, distribution);
}

/** If several versions of a package are installed, such as kernels, each version is a separate item. */
export function rpmItems(headers: readonly RpmHeader[], distribution: Distribution): Item<"packages">[] {
  const versionsOf = new Map<string, number>();
  const items = headers.flatMap((header) => rpmItem(header, distribution) ?? []);
  for (const item of items) versionsOf.set(item.key, (versionsOf.get(item.key) ?? 0) + 1);
  return items.map((item) =>
    versionsOf.get(item.key) === 1 ? item : { ...item, key: factText(`${item.key}:${item.version}`, 400) },
  );
}

/** Undefined for records that are not packages: `gpg-pubkey` records are trusted keys. */
function rpmItem(header: RpmHeader, distribution: Distribution): Item<"packages"> | undefined {
  const name = textOf(header, RPM_TAG.name);
  if (!name || name === "gpg-pubkey") return undefined;
  const release = `${textOf(header, RPM_TAG.version) ?? ""}-${textOf(header, RPM_TAG.release) ?? ""}`;
  const epoch = header.get(RPM_TAG.epoch);
  const version = epoch ? `${epoch}:${release}` : release;
  const architecture = textOf(header, RPM_TAG.architecture) ?? "noarch";
  const source = parseSourceRpm(textOf(header, RPM_TAG.sourceRpm) ?? "");
  const sizeBytes = header.get(RPM_TAG.longSize) ?? header.get(RPM_TAG.size);
  const qualifiers = { arch: architecture, epoch: epoch ? String(epoch) : undefined };
  return {
    key: factText(`rpm:${name}:${architecture}`, 300),
    manager: "rpm",
    name: factText(name, 250),
    version: factText(version, 250),
    architecture: factText(architecture, 40),
    source: source && source.name !== name ? optionalFact(source.name, 250) : undefined,
    sourceVersion: source && source.version !== release ? optionalFact(source.version, 250) : undefined,
    purl: factText(formatPurl("rpm", distribution, name, release, qualifiers), 1_000),
    vendor: optionalFact(textOf(header, RPM_TAG.vendor) ?? textOf(header, RPM_TAG.packager), 300),
    sizeBytes: typeof sizeBytes === "number" && Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined,
  };
}

/** `openssl-3.0.7-27.el9.src.rpm` → openssl, 3.0.7-27.el9. */
export function parseSourceRpm(file: string): { name: string; version: string } | undefined {
  const match = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file);
  return match ? { name: match[1] ?? "", version: match[2] ?? "" } : undefined;
}

function textOf(header: RpmHeader, tag: number): string | undefined {
  const value = header.get(tag);
  return typeof value === "string" ? value : undefined;
}
