// Packages of Homebrew, from its folders: Cellar/name/version for formulas, Caskroom/name/version for casks.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { formatPurl } from "./purl.ts";

const PREFIXES = ["/home/linuxbrew/.linuxbrew", "/opt/homebrew", "/usr/local"];
const KINDS = ["Cellar", "Caskroom"];

export function readBrewPackages({ files }: PackageSource): Iterable<Item<"packages">> | undefined {
  const folders = PREFIXES.flatMap((prefix) =>
    KINDS.flatMap((kind) => {
      const names = files.list(`${prefix}/${kind}`);
      return names.length === 0 ? [] : { prefix, folder: `${prefix}/${kind}`, names };
    }),
  );
  return folders.length === 0 ? undefined : readPackages();

  function* readPackages(): Generator<Item<"packages">> {
    for (const { prefix, folder, names } of folders) {
      const pinned = new Set(files.list(`${prefix}/var/homebrew/pinned`));
      for (const name of names) {
        const location = `${folder}/${name}`;
        for (const version of files.list(location)) {
          if (version.startsWith(".")) continue;
          yield packageItem("brew", location, {
            name,
            version,
            held: pinned.has(name) || undefined,
            purl: formatPurl({ type: "brew", name: name.toLowerCase(), version }),
            location: `${location}/${version}`,
          });
        }
      }
    }
  }
}
