// Facts in the reply of the PowerShell script, as security settings. The reply comes from another program, so
// each value is checked. Numbers of Windows get the names that Microsoft's documentation gives them.

import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { PowerShellPart } from "./powershell-script.ts";
import { parseSecurityPolicy } from "./security-policy.ts";

type Setting = Item<"security">;
type Values = Record<string, unknown>;

const MAX_ROWS = 100;
/** Win32_EncryptableVolume. */
const PROTECTION = ["off", "on", "unknown"];
const CONVERSION = [
  "fully decrypted",
  "fully encrypted",
  "encryption in progress",
  "decryption in progress",
  "encryption paused",
  "decryption paused",
];
const METHODS = [
  "none",
  "AES 128 with diffuser",
  "AES 256 with diffuser",
  "AES 128",
  "AES 256",
  "hardware",
  "XTS-AES 128",
  "XTS-AES 256",
];
/** Win32_DeviceGuard. */
const VBS = ["off", "enabled, not running", "running"];
const CODE_INTEGRITY = ["off", "audit", "enforced"];
const SERVICES: Record<number, string> = {
  1: "Credential Guard",
  2: "memory integrity",
  3: "System Guard",
  4: "SMM",
};
/** Of MI_Result: this edition of Windows does not have the namespace, or the class, or an instance. */
const NOT_HERE = [3, 5, 6];
const ACCESS_DENIED = 2;
const E_ACCESSDENIED = 0x8007_0005;

export interface PowerShellFacts {
  settings: Setting[];
  gaps: Gap[];
}

/** Throws if the text is not the reply of the script. */
export function parsePowerShellFacts(text: string): PowerShellFacts {
  const { parts, failed } = parseReply(text);
  const limits: Gap[] = [];
  const noteGap = (gap: Gap) => limits.push(gap);
  const rows = (part: PowerShellPart) => firstOf({ noteGap }, part, rowsOf(parts[part]), MAX_ROWS);
  const settings = [
    ...rows("volumes").flatMap(volumeSettings),
    ...rows("tpm").slice(0, 1).flatMap(tpmSettings),
    ...rows("defender").slice(0, 1).flatMap(defenderSettings),
    ...rows("products").flatMap(productSettings),
    ...rows("deviceGuard").slice(0, 1).flatMap(deviceGuardSettings),
    ...textsOf(parts.policy).flatMap(parseSecurityPolicy),
  ];
  const gaps = Object.entries(failed).flatMap(([part, codes]) => gapOf(part, codes) ?? []);
  return { settings, gaps: [...gaps, ...limits] };
}

/** `codes`: the number of the exception, and the one of WMI. */
function gapOf(part: string, codes: unknown): Gap | undefined {
  const [result = 0, native = 0] = Array.isArray(codes) ? codes.map((code) => Number(code) || 0) : [];
  if (NOT_HERE.includes(native)) return undefined;
  const number = `0x${(result >>> 0).toString(16).padStart(8, "0")}`;
  const isDenied = native === ACCESS_DENIED || result >>> 0 === E_ACCESSDENIED;
  return {
    kind: isDenied ? "not-permitted" : "unreadable",
    subject: `${factText(part, 40)} of PowerShell`,
    reason: isDenied ? "permission denied" : `error ${number}, ${native}`,
  };
}

function parseReply(text: string): { parts: Values; failed: Values } {
  // Something may be printed before it, e.g. a byte order mark.
  const start = text.indexOf("{");
  const reply: unknown = JSON.parse(start < 0 ? "null" : text.slice(start));
  if (!isObject(reply) || !isObject(reply.parts)) throw new Error("it printed something else than facts");
  return { parts: reply.parts, failed: isObject(reply.failed) ? reply.failed : {} };
}

function volumeSettings(row: Values): Setting[] {
  const drive = /^[A-Z]:$/i.exec(String(row.DriveLetter ?? ""))?.[0].toUpperCase();
  // A volume without a letter, e.g. of the recovery system.
  if (drive === undefined) return [];
  const method = numberOf(row.EncryptionMethod);
  return [
    setting(
      "encryption",
      `bitlocker/${drive}`,
      "BitLocker protection",
      drive,
      nameOf(PROTECTION, row.ProtectionStatus),
    ),
    setting(
      "encryption",
      `bitlocker-state/${drive}`,
      "BitLocker state",
      drive,
      nameOf(CONVERSION, row.ConversionStatus),
    ),
    setting(
      "encryption",
      `bitlocker-method/${drive}`,
      "BitLocker method",
      drive,
      method === undefined ? undefined : (METHODS[method] ?? String(method)),
    ),
  ].flat();
}

function tpmSettings(row: Values): Setting[] {
  const version = textOf(row.SpecVersion)?.split(",", 1)[0];
  return [
    setting("boot", "tpm/enabled", "TPM enabled", "", yesNo(row.IsEnabled_InitialValue)),
    setting("boot", "tpm/activated", "TPM activated", "", yesNo(row.IsActivated_InitialValue)),
    setting("boot", "tpm/owned", "TPM owned", "", yesNo(row.IsOwned_InitialValue)),
    setting("boot", "tpm/version", "TPM version", "", version),
    setting("boot", "tpm/manufacturer", "TPM manufacturer", "", textOf(row.ManufacturerIdTxt)),
    setting("boot", "tpm/firmware", "TPM firmware", "", textOf(row.ManufacturerVersion)),
  ].flat();
}

const DEFENDER_FLAGS = [
  "AMServiceEnabled",
  "AntivirusEnabled",
  "RealTimeProtectionEnabled",
  "BehaviorMonitorEnabled",
  "IoavProtectionEnabled",
  "IsTamperProtected",
];
const DEFENDER_TEXTS = [
  "AMRunningMode",
  "AMProductVersion",
  "AMEngineVersion",
  "AntivirusSignatureVersion",
  "AntivirusSignatureLastUpdated",
];

function defenderSettings(row: Values): Setting[] {
  return [
    ...DEFENDER_FLAGS.flatMap((name) =>
      setting("antivirus", `defender/${name}`, name, "Defender", yesNo(row[name])),
    ),
    ...DEFENDER_TEXTS.flatMap((name) =>
      setting("antivirus", `defender/${name}`, name, "Defender", textOf(row[name])),
    ),
  ];
}

/** The third and fourth digit of the state say whether it runs, the last two whether it is up to date. */
function productSettings(row: Values): Setting[] {
  const name = textOf(row.displayName);
  const state = numberOf(row.productState);
  if (name === undefined || state === undefined) return [];
  const digits = state.toString(16).padStart(6, "0");
  const isOn = ["10", "11"].includes(digits.slice(2, 4));
  return [
    setting("antivirus", `product/${name}`, "Protection", name, isOn ? "on" : "off"),
    setting(
      "antivirus",
      `product-signatures/${name}`,
      "Signatures",
      name,
      digits.endsWith("00") ? "up to date" : "out of date",
    ),
  ].flat();
}

function deviceGuardSettings(row: Values): Setting[] {
  const running = Array.isArray(row.SecurityServicesRunning)
    ? row.SecurityServicesRunning.map(numberOf).filter((number) => number !== undefined && number > 0)
    : undefined;
  const services = running?.map((number) => SERVICES[number!] ?? String(number)).join(", ");
  const source = "Device Guard";
  return [
    setting(
      "boot",
      "device-guard/vbs",
      "Virtualization-based security",
      source,
      nameOf(VBS, row.VirtualizationBasedSecurityStatus),
    ),
    setting(
      "boot",
      "device-guard/services",
      "Security services running",
      source,
      services === "" ? "none" : services,
    ),
    setting(
      "access-control",
      "device-guard/code-integrity",
      "Code integrity policy",
      source,
      nameOf(CODE_INTEGRITY, row.CodeIntegrityPolicyEnforcementStatus),
    ),
  ].flat();
}

/** Empty if the value is not known. `of`: what has the setting. */
function setting(
  area: Setting["area"],
  key: string,
  name: string,
  of: string,
  value: string | undefined,
): Setting[] {
  if (value === undefined) return [];
  return [
    {
      key: factText(`${area}/${key}`, 300),
      area,
      name: factText(of ? `${name} (${of})` : name, 200),
      value: factText(value, 1_000),
      source: "WMI",
    },
  ];
}

function nameOf(names: readonly string[], value: unknown): string | undefined {
  const number = numberOf(value);
  return number === undefined ? undefined : (names[number] ?? String(number));
}

function yesNo(value: unknown): string | undefined {
  return typeof value === "boolean" ? (value ? "yes" : "no") : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function rowsOf(value: unknown): Values[] {
  return listOf(value).filter(isObject);
}

function textsOf(value: unknown): string[] {
  return listOf(value).filter((each) => typeof each === "string");
}

/**
 * Old versions of PowerShell write a list as an object with its number of elements, or as its only element.
 */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) && Array.isArray(value.value) ? value.value : [value];
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
