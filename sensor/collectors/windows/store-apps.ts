// Apps in the format MSIX, from the Microsoft Store or elsewhere, from what the registry says about each
// user.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { findText, type Registry, valuesOf } from "./registry.ts";
import { isSid, type UserHive } from "./user-hives.ts";

type Package = Item<"packages">;

const ALL_USERS = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore";
const REPOSITORY =
  "Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\Repository\\Packages";
const ARCHITECTURES: Record<string, string> = { x64: "amd64" };

export interface AppName {
  name: string;
  version: string;
  architecture: string;
  resource: string;
  publisher: string;
}

/** An app of all users is one item; an app of a user is one item for that user. */
export function readStoreApps(registry: Registry, users: readonly UserHive[]): Package[] {
  const forAll = ["Applications", "InboxApplications"].flatMap((key) =>
    registry
      .listKeys(`${ALL_USERS}\\${key}`)
      .map((fullName) => ({ fullName, sid: undefined, folder: undefined })),
  );
  const ofUsers = registry
    .listKeys(ALL_USERS)
    .filter(isSid)
    .flatMap((sid) =>
      registry.listKeys(`${ALL_USERS}\\${sid}`).map((fullName) => ({ fullName, sid, folder: undefined })),
    );
  const ofHives = users.flatMap(({ sid, path }) =>
    [`${path}_Classes\\${REPOSITORY}`, `${path}\\Software\\Classes\\${REPOSITORY}`].flatMap((place) =>
      registry.listKeys(place).map((fullName) => ({
        fullName,
        sid,
        folder: findText(valuesOf(registry, `${place}\\${fullName}`), "PackageRootFolder"),
      })),
    ),
  );
  return [...forAll, ...ofHives, ...ofUsers].flatMap(({ fullName, sid, folder }) => {
    const app = parseFullName(fullName);
    // Languages and pictures of an app are packages with a resource.
    return app === undefined || app.resource.startsWith("split.") ? [] : appItem(app, sid, folder);
  });
}

function appItem(app: AppName, sid: string | undefined, folder: string | undefined): Package {
  const family = `${app.name}_${app.publisher}`;
  return {
    key: factText(["msix", sid, app.architecture, family].filter(Boolean).join(":"), 400),
    manager: "msix",
    name: factText(app.name, 250),
    version: factText(app.version, 250),
    architecture: optionalFact(app.architecture, 40),
    location: optionalFact(folder, 1_000),
    scope: sid === undefined ? "machine" : "user",
    sid,
    packageId: factText(family, 250),
  };
}

/**
 * `Microsoft.WindowsTerminal_1.18.3181.0_x64__8wekyb3d8bbwe`: name, version, architecture, resource,
 * publisher.
 */
export function parseFullName(fullName: string): AppName | undefined {
  const [name, version, architecture, resource, publisher, ...more] = fullName.split("_");
  if (!name || !version || !architecture || resource === undefined || !publisher || more.length > 0)
    return undefined;
  if (!/^\d+(?:\.\d+){0,3}$/.test(version)) return undefined;
  const known = architecture.toLowerCase();
  return {
    name,
    version,
    architecture: ARCHITECTURES[known] ?? known,
    resource: resource.toLowerCase(),
    publisher,
  };
}
