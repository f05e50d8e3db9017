// What Windows Installer has in the registry: its products with their codes, and the patches of each product.
import { findNumber, findText, type Registry, type RegistryValues, valuesOf } from "./registry.ts";

const GUID = /^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/i;
const INSTALLER = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer";
/** Products for all users belong to this account, SYSTEM. */
export const MACHINE_SID = "S-1-5-18";
const APPLIED = 1;

export interface MsiProduct {
  productCode: string;
  /** The user who has it; undefined: all users. */
  sid: string | undefined;
  properties: RegistryValues;
  /** Names of its patches. */
  patches: string[];
}

export function isProductCode(text: string): boolean {
  return GUID.test(text);
}

/** `{12345678-…}` in capitals, as Windows Installer compares it. */
export function normalizeCode(code: string): string {
  return code.toUpperCase();
}

/**
 * Key names pack a GUID: the digits of its first three parts in reverse order, then those of each byte
 * swapped. Undefined if it is not 32 digits.
 */
export function unpackCode(packed: string): string | undefined {
  if (!/^[0-9a-f]{32}$/i.test(packed)) return undefined;
  const reverse = (text: string) => [...text].reverse().join("");
  const swap = (text: string) => text.replace(/(.)(.)/g, "$2$1");
  const parts = [
    reverse(packed.slice(0, 8)),
    reverse(packed.slice(8, 12)),
    reverse(packed.slice(12, 16)),
    swap(packed.slice(16, 20)),
    swap(packed.slice(20)),
  ];
  return normalizeCode(`{${parts.join("-")}}`);
}

/** Products of all users and of each user, whether their registry is loaded or not. */
export function listMsiProducts(registry: Registry): MsiProduct[] {
  const userData = `HKLM\\${INSTALLER}\\UserData`;
  return registry.listKeys(userData).flatMap((owner) =>
    registry.listKeys(`${userData}\\${owner}\\Products`).flatMap((packed) => {
      const productCode = unpackCode(packed);
      const path = `${userData}\\${owner}\\Products\\${packed}`;
      const properties = registry.findValues(`${path}\\InstallProperties`);
      if (productCode === undefined || properties === undefined) return [];
      return {
        productCode,
        sid: owner === MACHINE_SID ? undefined : owner,
        properties,
        patches: listPatches(registry, `${path}\\Patches`),
      };
    }),
  );
}

function listPatches(registry: Registry, path: string): string[] {
  return registry.listKeys(path).flatMap((packed) => {
    const values = valuesOf(registry, `${path}\\${packed}`);
    return findNumber(values, "State") === APPLIED ? (findText(values, "DisplayName") ?? []) : [];
  });
}

/** The upgrade code of each product code: it stays the same in every version of a product. */
export function readUpgradeCodes(registry: Registry, userKeys: readonly string[]): Map<string, string> {
  const codes = new Map<string, string>();
  const places = [
    "HKLM\\SOFTWARE\\Classes\\Installer\\UpgradeCodes",
    `HKLM\\${INSTALLER}\\UpgradeCodes`,
    ...userKeys.map((user) => `${user}\\Software\\Microsoft\\Installer\\UpgradeCodes`),
  ];
  for (const place of places) {
    for (const packed of registry.listKeys(place)) {
      const upgradeCode = unpackCode(packed);
      // The values are named after the packed codes of the products.
      for (const name of upgradeCode ? valuesOf(registry, `${place}\\${packed}`).keys() : []) {
        const productCode = unpackCode(name);
        if (productCode !== undefined) codes.set(productCode, upgradeCode!);
      }
    }
  }
  return codes;
}

/** The value Version: major in 8 bits, minor in 8, build in 16. */
export function formatMsiVersion(version: number): string {
  return `${version >>> 24}.${(version >>> 16) & 0xff}.${version & 0xffff}`;
}
