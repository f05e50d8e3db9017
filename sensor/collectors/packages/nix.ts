// Packages of Nix, from the names in its store: hash-name-version. All of them are on disk, whether a profile
// uses them or not.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { openSeenKeys } from "../seen-keys.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { formatPurl } from "./purl.ts";

const STORE = "/nix/store";
const HASH_LENGTH = 32;
/** Outputs that hold no programs or libraries. */
const OTHER_OUTPUT = /-(?:doc|man|info|devdoc|debug)$/;
const OUTPUT = /-(?:bin|dev|lib|out|static|dist|py)$/;

export function readNixPackages({ files }: PackageSource): Iterable<Item<"packages">> | undefined {
  const folders = files.listEntries(STORE).filter(({ kind }) => kind === "folder");
  if (folders.length === 0) return undefined;
  return readPackages();

  function* readPackages(): Generator<Item<"packages">> {
    const seen = openSeenKeys();
    for (const { name: folder } of folders) {
      const item = nixItem(folder);
      // The outputs of a package are separate folders.
      if (item !== undefined && seen.add(`${item.name} ${item.version}`)) yield item;
    }
  }
}

/** The version begins at the first dash before a digit. Undefined for sources, scripts and settings. */
function nixItem(folder: string): Item<"packages"> | undefined {
  if (folder[HASH_LENGTH] !== "-" || OTHER_OUTPUT.test(folder)) return undefined;
  const full = folder.slice(HASH_LENGTH + 1).replace(OUTPUT, "");
  const dash = full.search(/-\d/);
  if (dash <= 0) return undefined;
  const [name, version] = [full.slice(0, dash), full.slice(dash + 1)];
  return packageItem("nix", "", {
    name,
    version,
    purl: formatPurl({ type: "nix", name, version }),
    location: `${STORE}/${folder}`,
  });
}
