// Installed packages of every package manager on the host, and those of programming languages.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
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
import { keyWithVersion, openPackageList, type PackageReader } from "./package-source.ts";
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

/** The first ones with their versions told apart. The others are only counted. */
export function* collectPackages(files: HostFiles): Generator<Item<"packages">> {
  const first = openPackageList();
  const all = readAllPackages(files, () => first.count() >= MAX_ITEMS);
  let next = all.next();
  for (; !next.done; next = all.next()) {
    first.add(next.value);
    if (first.count() >= MAX_ITEMS) break;
  }
  yield* first.drain();
  for (next = all.next(); !next.done; next = all.next())
    yield { ...next.value, key: keyWithVersion(next.value) };
}

/** What one database costs, the others do not: if others have packages, each failure is a gap. */
function* readAllPackages(
  files: HostFiles,
  isFull: () => boolean,
): Generator<Item<"packages">, void, undefined> {
  const { id = "linux", versionId } = readOperatingSystem(files);
  const source = { files, distribution: distributionOf(id, versionId), isFull };
  const failures: unknown[] = [];
  let isEmpty = true;
  let found = false;
  for (const read of READERS) {
    try {
      const packages = read(source);
      if (packages === undefined) continue;
      found = true;
      for (const item of packages) {
        isEmpty = false;
        yield item;
      }
    } catch (error) {
      if (error instanceof TooSlow) throw error;
      failures.push(error);
    }
  }
  const [failure] = failures;
  if (failure !== undefined && isEmpty) throw failure;
  for (const error of failures) files.noteGap(gapOf(error, "package database"));
  for (const item of readLanguagePackages(files, isFull)) {
    isEmpty = false;
    yield item;
  }
  if (!found && isEmpty) throw new NotOnThisHost("no database of packages");
}
