// Programs that are registered to be uninstalled, in both views of the registry and for each user, and the
// products of Windows Installer.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { parseInstallDate } from "./install-date.ts";
import {
  formatMsiVersion,
  isProductCode,
  listMsiProducts,
  MACHINE_SID,
  normalizeCode,
  readUpgradeCodes,
} from "./msi.ts";
import {
  expandVariables,
  findNumber,
  findText,
  type Registry,
  type RegistryValues,
  valuesOf,
} from "./registry.ts";
import type { UserHive } from "./user-hives.ts";

type Package = Item<"packages">;

const UNINSTALL = "Microsoft\\Windows\\CurrentVersion\\Uninstall";

interface View {
  path: string;
  /** Undefined: the view does not say. */
  architecture?: string;
  sid?: string;
}

/** `variables`: of the system, by name in lower case. */
export function readPrograms(
  registry: Registry,
  users: readonly UserHive[],
  variables: ReadonlyMap<string, string>,
): Package[] {
  const upgradeCodes = readUpgradeCodes(
    registry,
    users.map(({ path }) => path),
  );
  const registered = viewsOf(users).flatMap((view) =>
    registry.listKeys(view.path).flatMap((name) => {
      const values = valuesOf(registry, `${view.path}\\${name}`);
      return programItem(name, view, values, upgradeCodes) ?? [];
    }),
  );
  const known = new Set(registered.map(({ key }) => key));
  const products = listMsiProducts(registry).flatMap((product) => {
    const { productCode, sid, properties } = product;
    const view = { path: "", ...(sid === undefined ? {} : { sid }) };
    const item = programItem(productCode, view, properties, upgradeCodes, true);
    if (item === undefined) return [];
    const patches = product.patches.map((name) => patchItem(name, item));
    return known.has(item.key) ? patches : [item, ...patches];
  });
  return [...registered, ...products].map((item) =>
    item.location === undefined
      ? item
      : { ...item, location: factText(expandVariables(item.location, variables), 1_000) },
  );
}

function viewsOf(users: readonly UserHive[]): View[] {
  return [
    { path: `HKLM\\SOFTWARE\\${UNINSTALL}`, architecture: "amd64" },
    { path: `HKLM\\SOFTWARE\\WOW6432Node\\${UNINSTALL}`, architecture: "x86" },
    ...users.flatMap(({ path, sid }) => [
      { path: `${path}\\Software\\${UNINSTALL}`, sid },
      { path: `${path}\\Software\\WOW6432Node\\${UNINSTALL}`, architecture: "x86", sid },
    ]),
  ];
}

/** Undefined for a row without a name: it has only settings of another one. */
function programItem(
  name: string,
  { architecture, sid }: View,
  values: RegistryValues,
  upgradeCodes: ReadonlyMap<string, string>,
  isMsi = findNumber(values, "WindowsInstaller") === 1 && isProductCode(name),
): Package | undefined {
  const displayName = findText(values, "DisplayName");
  if (displayName === undefined) return undefined;
  const productCode = isMsi ? normalizeCode(name) : undefined;
  const winget = findText(values, "WinGetPackageIdentifier");
  const manager = productCode ? "msi" : winget ? "winget" : "program";
  const owner = sid === undefined || sid === MACHINE_SID ? undefined : sid;
  const size = findNumber(values, "EstimatedSize");
  const date = findText(values, "InstallDate");
  return {
    key: factText([manager, owner, productCode ?? viewOf(architecture, name)].filter(Boolean).join(":"), 400),
    manager,
    name: factText(displayName, 250),
    version: factText(versionOf(values, isMsi), 250),
    architecture: optionalFact(architecture, 40),
    vendor: optionalFact(findText(values, "Publisher"), 300),
    sizeBytes: size === undefined || size === 0 ? undefined : size * 1024,
    installedOn: date === undefined ? undefined : parseInstallDate(date),
    location: optionalFact(withoutQuotes(findText(values, "InstallLocation")), 1_000),
    scope: owner === undefined ? "machine" : "user",
    sid: optionalFact(owner, 200),
    productCode,
    upgradeCode: productCode && upgradeCodes.get(productCode),
    packageId: optionalFact(winget, 250),
    parent: optionalFact(findText(values, "ParentDisplayName") ?? findText(values, "ParentKeyName"), 250),
    hidden: findNumber(values, "SystemComponent") === 1 ? true : undefined,
  };
}

/** The same name in both views is two programs. */
function viewOf(architecture: string | undefined, name: string): string {
  return architecture === undefined ? name : `${architecture}:${name}`;
}

/** A patch has no version: it changes the one of its product. */
function patchItem(name: string, product: Package): Package {
  return {
    key: factText(`${product.key}:${name}`, 400),
    manager: "msi",
    name: factText(name, 250),
    version: "",
    vendor: product.vendor,
    scope: product.scope,
    sid: product.sid,
    productCode: product.productCode,
    parent: product.name,
  };
}

function versionOf(values: RegistryValues, isMsi: boolean): string {
  const shown = findText(values, "DisplayVersion");
  const packed = isMsi ? findNumber(values, "Version") : undefined;
  return shown ?? (packed ? formatMsiVersion(packed) : "");
}

function withoutQuotes(path: string | undefined): string | undefined {
  return path?.replace(/^"+|"+$/g, "");
}
