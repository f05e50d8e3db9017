// Packages of rpm (RHEL, Rocky, Fedora, SUSE, Amazon Linux), from the headers in its database.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { openLongList } from "../long-list.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";
import { readRpmHeaders } from "./rpm-database.ts";
import { RPM_TAG, type RpmHeader } from "./rpm-header.ts";
import { type RpmLocks, readRpmLocks } from "./rpm-locks.ts";

export function readRpmPackages({
  files,
  distribution,
}: PackageSource): Iterable<Item<"packages">> | undefined {
  const found = readRpmHeaders(files);
  return found && readPackages(found);

  function* readPackages(all: Iterable<RpmHeader>): Generator<Item<"packages">> {
    // The epoch of a source may be that of a later package.
    const epochs = new Map<string, string>();
    const headers = openLongList<[number, string | number][]>();
    for (const header of all) {
      headers.push([...header]);
      addEpoch(epochs, header);
    }
    const host = { distribution, isLocked: readRpmLocks(files), epochs };
    for (const entries of headers.drain()) {
      const item = rpmItem(new Map(entries), host);
      if (item !== undefined) yield item;
    }
  }
}

interface RpmHost {
  distribution: Distribution;
  isLocked: RpmLocks;
  epochs: ReadonlyMap<string, string>;
}

/**
 * The name of a source file lacks the epoch. It is that of the package with the name of the source. Empty for
 * a source without epoch.
 */
function addEpoch(epochs: Map<string, string>, header: RpmHeader): void {
  const file = textOf(header, RPM_TAG.sourceRpm) ?? "";
  const name = textOf(header, RPM_TAG.name) ?? "";
  if (file.startsWith(`${name}-`) && parseSourceRpm(file)?.name === name)
    epochs.set(file, epochOf(header) ?? "");
}

function epochOf(header: RpmHeader): string | undefined {
  const epoch = header.get(RPM_TAG.epoch);
  return epoch ? String(epoch) : undefined;
}

/** Undefined for records that are not packages: `gpg-pubkey` records are trusted keys. */
function rpmItem(
  header: RpmHeader,
  { distribution, isLocked, epochs }: RpmHost,
): Item<"packages"> | undefined {
  const name = textOf(header, RPM_TAG.name);
  if (!name || name === "gpg-pubkey") return undefined;
  const release = `${textOf(header, RPM_TAG.version) ?? ""}-${textOf(header, RPM_TAG.release) ?? ""}`;
  const epoch = epochOf(header);
  const version = epoch ? `${epoch}:${release}` : release;
  const architecture = textOf(header, RPM_TAG.architecture) ?? "noarch";
  const sourceFile = textOf(header, RPM_TAG.sourceRpm) ?? "";
  const source = parseSourceRpm(sourceFile);
  // Packages of a source inherit its epoch, and few have another one.
  const sourceEpoch = epochs.get(sourceFile) ?? epoch;
  const sizeBytes = header.get(RPM_TAG.longSize) ?? header.get(RPM_TAG.size);
  return packageItem("rpm", architecture, {
    name,
    version,
    architecture,
    held: isLocked(name, version, architecture) || undefined,
    source: source?.name,
    sourceVersion: source && (sourceEpoch ? `${sourceEpoch}:${source.version}` : source.version),
    module: textOf(header, RPM_TAG.modularityLabel),
    purl: distributionPurl("rpm", distribution, {
      name,
      version: release,
      arch: architecture,
      epoch,
    }),
    vendor: textOf(header, RPM_TAG.vendor) ?? textOf(header, RPM_TAG.packager),
    sizeBytes: typeof sizeBytes === "number" && Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined,
  });
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
