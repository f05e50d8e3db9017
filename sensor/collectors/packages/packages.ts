// Installed packages of every package manager on the host.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { gapOf, NotOnThisHost, TooSlow } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readOsRelease } from "../system/os-release.ts";
import { readApkPackages } from "./apk.ts";
import { readDpkgPackages } from "./dpkg.ts";
import type { Distribution } from "./purl.ts";
import { readRpmPackages } from "./rpm.ts";

type Manager = (files: HostFiles, distribution: Distribution) => Item<"packages">[] | undefined;
const MANAGERS: Manager[] = [readDpkgPackages, readRpmPackages, readApkPackages];

export function collectPackages(files: HostFiles): Item<"packages">[] {
  const osRelease = readOsRelease(files);
  const distribution = { id: osRelease.get("ID") ?? "linux", versionId: osRelease.get("VERSION_ID") };
  const items: Item<"packages">[] = [];
  let found = false;
  const failures: unknown[] = [];
  for (const readPackages of MANAGERS) {
    try {
      const packages = readPackages(files, distribution);
      if (packages === undefined) continue;
      found = true;
      items.push(...packages);
    } catch (error) {
      if (error instanceof TooSlow) throw error;
      failures.push(error);
    }
  }
  // The tools of another distribution may leave an unreadable database beside the one that has the packages.
  const [failure] = failures;
  if (failure !== undefined && items.length === 0) throw failure;
  for (const error of failures) files.noteGap(gapOf(error, "package database"));
  if (!found) throw new NotOnThisHost("no dpkg, rpm or apk database");
  return items;
}
