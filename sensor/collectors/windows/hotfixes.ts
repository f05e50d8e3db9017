// Updates of Windows, as its servicing keeps them: the registry has one key for each package of an update.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import {
  findNumber,
  findText,
  parseFileTime,
  type Registry,
  type RegistryValues,
  valuesOf,
} from "./registry.ts";

type Package = Item<"packages">;

const PACKAGES = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
/** States of a package: it is installed, or a newer one that contains it is. */
const STATES: Record<number, "installed" | "superseded"> = { 112: "installed", 80: "superseded" };
/** Only packages that Windows shows are updates. The others are their parts. */
const VISIBLE = 1;

/** One item for each update. An update has several packages. */
export function readHotfixes(registry: Registry): Package[] {
  const byName = new Map<string, Package>();
  for (const key of registry.listKeys(PACKAGES)) {
    const item = hotfixItem(key, valuesOf(registry, `${PACKAGES}\\${key}`));
    const known = item && byName.get(item.key);
    if (item && (known === undefined || isNewer(item, known))) byName.set(item.key, item);
  }
  return [...byName.values()];
}

/** `Package_for_KB5034441~31bf3856ad364e35~amd64~~19041.3920.1.0`. Undefined for parts of Windows itself. */
function hotfixItem(key: string, values: RegistryValues): Package | undefined {
  const state = STATES[findNumber(values, "CurrentState") ?? 0];
  if (state === undefined || (findNumber(values, "Visibility") ?? VISIBLE) !== VISIBLE) return undefined;
  const [identity = "", , architecture = "", , version = ""] = key.split("~");
  const name = findKb(identity, values) ?? nameOf(identity);
  if (name === undefined) return undefined;
  const high = findNumber(values, "InstallTimeHigh");
  const low = findNumber(values, "InstallTimeLow");
  const installed = high && low !== undefined ? (BigInt(high) << 32n) | BigInt(low) : undefined;
  return {
    key: factText(`hotfix:${name}`, 400),
    manager: "hotfix",
    name: factText(name, 250),
    version: factText(version, 250),
    ...(architecture ? { architecture: factText(architecture.toLowerCase(), 40) } : {}),
    state,
    installedOn: installed === undefined ? undefined : parseFileTime(installed)?.slice(0, 10),
    scope: "machine",
  };
}

/** The name of a cumulative update has no number. The file that it came from has. */
function findKb(identity: string, values: RegistryValues): string | undefined {
  const texts = [identity, findText(values, "InstallLocation") ?? "", findText(values, "InstallName") ?? ""];
  for (const text of texts) {
    const number = /(?:^|[^a-z0-9])KB(\d{6,8})(?!\d)/i.exec(text.replaceAll("_", " "))?.[1];
    if (number !== undefined) return `KB${number}`;
  }
  return undefined;
}

/** `Package_for_RollupFix` → `RollupFix`; undefined for features and languages. */
function nameOf(identity: string): string | undefined {
  return /^Package_(?:\d+_)?for_(.+)$/i.exec(identity)?.[1];
}

function isNewer(one: Package, other: Package): boolean {
  if (one.state !== other.state) return one.state === "installed";
  const [left, right] = [one.version.split("."), other.version.split(".")];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = Number(left[at] ?? 0) - Number(right[at] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference > 0;
  }
  return false;
}
