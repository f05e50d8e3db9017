// What every reader of packages gets and makes.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { PackageManager } from "@attacklens/protocol/inventory/packaging.ts";
import { factText, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { openLongList } from "../long-list.ts";
import { openSeenKeys } from "../seen-keys.ts";
import type { Distribution } from "./purl.ts";

export interface PackageSource {
  files: HostFiles;
  distribution: Distribution;
  /** The report has no place for more: they are only counted, by what their names say. */
  isFull(): boolean;
}

/** Undefined if the host does not have the package manager. Throws if nothing of it can be read. */
export type PackageReader = (source: PackageSource) => Iterable<Item<"packages">> | undefined;

export type PackageFacts = Omit<Item<"packages">, "key" | "manager">;

const MAX_KEY = 400;

/**
 * Makes an item whose texts fit the protocol. `place` tells installations of the same package apart: its
 * architecture, or the folder of a language's package.
 */
export function packageItem(manager: PackageManager, place: string, facts: PackageFacts): Item<"packages"> {
  // Most of a large inventory are packages. So no text is checked twice.
  const name = factText(facts.name, 250);
  const version = factText(facts.version, 250);
  const isClean = name === facts.name && version === facts.version;
  const architecture = optionalFact(facts.architecture, 40);
  const cleanPlace = place === architecture ? place : factText(place, place.length);
  const { source, sourceVersion, purl } = facts;
  return {
    key: keyOf(`${manager}:${name}${cleanPlace && `:${cleanPlace}`}`),
    manager,
    name,
    version,
    architecture,
    state: facts.state,
    held: facts.held,
    source: source === facts.name ? name : optionalFact(source, 250),
    sourceVersion: sourceVersion === facts.version ? version || undefined : optionalFact(sourceVersion, 250),
    module: optionalFact(facts.module, 250),
    // It contains both. The purl of another text would name another package.
    purl: isClean ? purl : undefined,
    location: optionalFact(facts.location, 1_000),
    vendor: optionalFact(facts.vendor, 300),
    sizeBytes: facts.sizeBytes,
  };
}

/**
 * The packages of a host, as they are reported. Packages that are installed in several versions, such as
 * kernels, get the version in their keys. A package that is recorded twice in the same version is one.
 */
export function openPackageList() {
  const items = openLongList<Item<"packages">>();
  const keys = openSeenKeys();
  const versions = openSeenKeys();
  const several = new Set<string>();
  return {
    add(item: Item<"packages">): void {
      const isKnown = !keys.add(item.key);
      if (!versions.add(keyWithVersion(item))) return;
      if (isKnown) several.add(item.key);
      items.push(item);
    },
    count: items.count,
    *drain(): Generator<Item<"packages">> {
      for (const item of items.drain())
        yield several.has(item.key) ? { ...item, key: keyWithVersion(item) } : item;
    },
  };
}

export function keyWithVersion({ key, version }: Item<"packages">): string {
  return keyOf(`${key}:${version}`);
}

/** A key that is too long ends in its hash, so that two of them stay different. */
function keyOf(key: string): string {
  if (key.length <= MAX_KEY) return key;
  return `${factText(key, MAX_KEY - 17)}:${Bun.hash(key).toString(16).padStart(16, "0")}`;
}
