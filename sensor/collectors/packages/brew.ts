// Packages of Homebrew, from its folders: Cellar/name/version for formulas, Caskroom/name/version for casks.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { formatPurl } from "./purl.ts";

const PREFIXES = ["/home/linuxbrew/.linuxbrew", "/opt/homebrew", "/usr/local"];

export function readBrewPackages({ files }: PackageSource): Item<"packages">[] | undefined {
  let found = false;
  const items = PREFIXES.flatMap((prefix) => {
    const pinned = new Set(files.list(`${prefix}/var/homebrew/pinned`));
    return ["Cellar", "Caskroom"].flatMap((kind) => {
      const names = files.list(`${prefix}/${kind}`);
      found ||= names.length > 0;
      return names.flatMap((name) => {
        const location = `${prefix}/${kind}/${name}`;
        const versions = files.list(location).filter((version) => !version.startsWith("."));
        return versions.map((version) =>
          packageItem("brew", location, {
            name,
            version,
            held: pinned.has(name) || undefined,
            purl: formatPurl({ type: "brew", name: name.toLowerCase(), version }),
            location: `${location}/${version}`,
          }),
        );
      });
    });
  });
  return found ? items : undefined;
}
