// Packages of Portage (Gentoo), from the names of folders in its database: category/name-version.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { type PackageSource, packageItem } from "./package-source.ts";
import { formatPurl } from "./purl.ts";

const DATABASE = "/var/db/pkg";
/** Package Manager Specification, "Version specifications". */
const NAME_AND_VERSION = /^(.+?)-(\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?)$/;

export function readPortagePackages({ files }: PackageSource): Iterable<Item<"packages">> | undefined {
  const categories = files.listEntries(DATABASE).filter(({ kind }) => kind === "folder");
  if (categories.length === 0) return undefined;
  return categories.values().flatMap(({ name: category }) =>
    files.list(`${DATABASE}/${category}`).flatMap((folder) => {
      // Folders such as `-MERGING-bash-5.2` exist only during an installation.
      if (folder.startsWith("-") || folder.length > 300) return [];
      const [, name, version = ""] = NAME_AND_VERSION.exec(folder) ?? [];
      if (name === undefined) return [];
      return packageItem("portage", "", {
        name: `${category}/${name}`,
        version,
        purl: formatPurl({ type: "ebuild", namespace: category, name, version }),
      });
    }),
  );
}
