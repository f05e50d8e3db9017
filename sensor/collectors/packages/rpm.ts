// Packages of rpm (RHEL, Rocky, Fedora, SUSE, Amazon Linux), from the headers in its database.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { type Distribution, distributionPurl } from "./purl.ts";
import { readRpmHeaders } from "./rpm-database.ts";
import { RPM_TAG, type RpmHeader } from "./rpm-header.ts";
import { type RpmLocks, readRpmLocks } from "./rpm-locks.ts";

export function readRpmPackages({ files, distribution }: PackageSource): Item<"packages">[] | undefined {
  const headers = readRpmHeaders(files);
  if (headers === undefined) return undefined;
  const isLocked = readRpmLocks(files);
  return headers.flatMap((header) => rpmItem(header, distribution, isLocked) ?? []);
}

/** Undefined for records that are not packages: `gpg-pubkey` records are trusted keys. */
export function rpmItem(
  header: RpmHeader,
  distribution: Distribution,
  isLocked: RpmLocks,
): Item<"packages"> | undefined {
  const name = textOf(header, RPM_TAG.name);
  if (!name || name === "gpg-pubkey") return undefined;
  const release = `${textOf(header, RPM_TAG.version) ?? ""}-${textOf(header, RPM_TAG.release) ?? ""}`;
  const epoch = header.get(RPM_TAG.epoch);
  const withEpoch = (version: string) => (epoch ? `${epoch}:${version}` : version);
  const architecture = textOf(header, RPM_TAG.architecture) ?? "noarch";
  const source = parseSourceRpm(textOf(header, RPM_TAG.sourceRpm) ?? "");
  const sizeBytes = header.get(RPM_TAG.longSize) ?? header.get(RPM_TAG.size);
  const epochText = epoch ? String(epoch) : undefined;
  return packageItem("rpm", architecture, {
    name,
    version: withEpoch(release),
    architecture,
    held: isLocked(name, withEpoch(release), architecture) || undefined,
    source: source?.name,
    // The name of the file lacks the epoch, and the packages of a source inherit its epoch.
    sourceVersion: source && withEpoch(source.version),
    module: textOf(header, RPM_TAG.modularityLabel),
    purl: distributionPurl("rpm", distribution, {
      name,
      version: release,
      arch: architecture,
      epoch: epochText,
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
