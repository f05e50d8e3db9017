// What every reader of packages gets and makes.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { PackageManager } from "@attacklens/protocol/inventory/packaging.ts";
import { factText, optionalFact } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { openSeenKeys } from "../seen-keys.ts";
import type { Distribution } from "./purl.ts";

export interface PackageSource {
  files: HostFiles;
  distribution: Distribution;
}

/** Undefined if the host does not have the package manager. Throws if nothing of it can be read. */
export type PackageReader = (source: PackageSource) => Item<"packages">[] | undefined;

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
 * Packages that are installed in several versions, such as kernels, get the version in their keys. A package
 * that is recorded twice in the same version is one.
 */
export function tellVersionsApart(items: Item<"packages">[]): Item<"packages">[] {
  const seen = openSeenKeys();
  const repeated = new Map<string, Set<string>>();
  for (const { key } of items) if (!seen.add(key)) repeated.set(key, new Set());
  if (repeated.size === 0) return items;
  for (const { key, version } of items) repeated.get(key)?.add(version);
  const several = new Set([...repeated].flatMap(([key, versions]) => (versions.size > 1 ? key : [])));
  return items.flatMap((item) => {
    const { key, version } = item;
    if (repeated.get(key)?.delete(version) === false) return [];
    return several.has(key) ? { ...item, key: keyOf(`${key}:${version}`) } : item;
  });
}

/** A key that is too long ends in its hash, so that two of them stay different. */
function keyOf(key: string): string {
  if (key.length <= MAX_KEY) return key;
  return `${factText(key, MAX_KEY - 17)}:${Bun.hash(key).toString(16).padStart(16, "0")}`;
}
