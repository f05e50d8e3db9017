// The security settings of Windows that the registry has: those of setting-places.ts, and some that need
// more than a look. A setting that the registry does not have is absent, because its default depends on the
// version and the edition.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { findText, parseFileTime, type Registry, type RegistryValues } from "./registry.ts";
import { MICROSOFT, PENDING_RESTARTS, POLICIES, SETTING_PLACES } from "./setting-places.ts";

type Setting = Item<"security">;

export function readSettings(registry: Registry): Setting[] {
  const known = new Map<string, RegistryValues | undefined>();
  const find = (path: string) => {
    if (!known.has(path)) known.set(path, registry.findValues(path));
    return known.get(path);
  };
  const settings = SETTING_PLACES.flatMap(({ area, group, paths, names }) =>
    names.flatMap((name) => settingItem(area, group, name, paths, find) ?? []),
  );
  return [
    ...settings,
    ...updateServer(find),
    ...restartPending(find),
    ...signatureTime(find),
    ...trustedPlatformModule(registry),
  ];
}

function settingItem(
  area: Setting["area"],
  group: string,
  name: string,
  paths: readonly string[],
  find: (path: string) => RegistryValues | undefined,
): Setting | undefined {
  for (const path of paths) {
    const value = findText(find(path) ?? new Map(), name);
    if (value !== undefined)
      return {
        key: factText(`${area}/${group}/${name}`, 300),
        area,
        name: factText(`${name} (${group})`, 200),
        value: factText(value, 1_000),
        source: factText(path, 1_000),
      };
  }
  return undefined;
}

/** The update server of the organization. Its address may contain a password. */
function updateServer(find: (path: string) => RegistryValues | undefined): Setting[] {
  const path = `${POLICIES}\\Windows\\WindowsUpdate`;
  const server = findText(find(path) ?? new Map(), "WUServer");
  const origin = server && URL.canParse(server) ? new URL(server).origin : undefined;
  if (origin === undefined || origin === "null") return [];
  const key = "updates/windows-update/WUServer";
  return [
    { key, area: "updates", name: "WUServer (windows-update)", value: factText(origin, 1_000), source: path },
  ];
}

/** When Defender last got signatures, as a file time. */
function signatureTime(find: (path: string) => RegistryValues | undefined): Setting[] {
  const source = `${MICROSOFT}\\Windows Defender\\Signature Updates`;
  const bytes = find(source)?.get("signatureslastupdated")?.bytes;
  const value = bytes?.length === 8 ? parseFileTime(Buffer.from(bytes).readBigUInt64LE(0)) : undefined;
  const [key, name] = ["antivirus/defender-signatures/SignaturesLastUpdated", "SignaturesLastUpdated"];
  return value === undefined ? [] : [{ key, area: "antivirus", name, value, source }];
}

/** The firmware describes a TPM 2.0 as the device MSFT0101. Without this entry, there may be an older one. */
function trustedPlatformModule(registry: Registry): Setting[] {
  const source = "HKLM\\SYSTEM\\CurrentControlSet\\Enum\\ACPI\\MSFT0101";
  const [key, name] = ["boot/tpm/device", "TPM device"];
  return registry.findValues(source) === undefined ? [] : [{ key, area: "boot", name, value: "2.0", source }];
}

/** Absent if the registry has nothing about updates at all. */
function restartPending(find: (path: string) => RegistryValues | undefined): Setting[] {
  const source = PENDING_RESTARTS.find((path) => find(path) !== undefined);
  const isKnown = PENDING_RESTARTS.some((path) => find(path.slice(0, path.lastIndexOf("\\"))) !== undefined);
  const value = source === undefined ? "no" : "yes";
  const name = "Restart pending";
  return isKnown
    ? [{ key: "updates/restart-pending", area: "updates", name, value, ...(source ? { source } : {}) }]
    : [];
}
