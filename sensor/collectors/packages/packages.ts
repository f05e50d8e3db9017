// Installed packages of every package manager on the host, and those of programming languages.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { gapOf, NotOnThisHost, TooSlow } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readOperatingSystem } from "../system/point-release.ts";
import { readApkPackages } from "./apk.ts";
import { readBrewPackages } from "./brew.ts";
import { readDpkgPackages } from "./dpkg.ts";
import { readFlatpakPackages } from "./flatpak.ts";
import { readLanguagePackages } from "./languages/languages.ts";
import { readNixPackages } from "./nix.ts";
import { readOpkgPackages } from "./opkg.ts";
import { type PackageReader, tellVersionsApart } from "./package-source.ts";
import { readPacmanPackages } from "./pacman.ts";
import { readPortagePackages } from "./portage.ts";
import { distributionOf } from "./purl.ts";
import { readRpmPackages } from "./rpm.ts";
import { readSnapPackages } from "./snap.ts";
import { readXbpsPackages } from "./xbps.ts";

const READERS: readonly PackageReader[] = [
  readDpkgPackages,
  readRpmPackages,
  readApkPackages,
  readPacmanPackages,
  readOpkgPackages,
  readPortagePackages,
  readXbpsPackages,
  readNixPackages,
  readSnapPackages,
  readFlatpakPackages,
  readBrewPackages,
];

/** What one database costs, the others do not: if others have packages, each failure is a gap. */
export function collectPackages(files: HostFiles): Item<"packages">[] {
  const { id = "linux", versionId } = readOperatingSystem(files);
  const source = { files, distribution: distributionOf(id, versionId) };
  const items: Item<"packages">[] = [];
  const failures: unknown[] = [];
  let found = false;
  for (const read of READERS) {
    try {
      const packages = read(source);
      if (packages === undefined) continue;
      found = true;
      for (const item of packages) items.push(item);
    } catch (error) {
      if (error instanceof TooSlow) throw error;
      failures.push(error);
    }
  }
  const [failure] = failures;
  if (failure !== undefined && items.length === 0) throw failure;
  for (const error of failures) files.noteGap(gapOf(error, "package database"));
  for (const item of readLanguagePackages(files)) items.push(item);
  if (!found && items.length === 0) throw new NotOnThisHost("no database of packages");
  return tellVersionsApart(items);
}
