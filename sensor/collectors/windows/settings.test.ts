import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { securityItem } from "@attacklens/protocol/inventory/security.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { AUDIT_SUBCATEGORIES, auditSettings, encodeGuid } from "./audit-policy.ts";
import { policySettings } from "./password-policy.ts";
import { parsePowerShellFacts } from "./powershell-facts.ts";
import { POWERSHELL_SCRIPT, powerShellArguments } from "./powershell-script.ts";
import { parseSecurityPolicy } from "./security-policy.ts";
import { readSettings } from "./settings.ts";

const WINDOWS_11 = readFileSync(join(import.meta.dir, "../../testdata/windows/windows-11.reg"), "utf8");
const values = (items: readonly unknown[]) =>
  Object.fromEntries(items.map((item) => securityItem.parse(item)).map(({ key, value }) => [key, value]));

test("a policy comes before the setting that it replaces", () => {
  const settings = values(readSettings(registryOf(WINDOWS_11)));
  expect(settings["firewall/public/EnableFirewall"]).toBe("1");
  expect(settings["firewall/domain/EnableFirewall"]).toBe("1");
  expect(settings["remote-access/rdp/UserAuthentication"]).toBe("0");
  expect(settings["remote-access/rdp/fDenyTSConnections"]).toBe("0");
  expect(settings["login/uac/EnableLUA"]).toBe("1");
  expect(settings["boot/secure-boot/UEFISecureBootEnabled"]).toBe("1");
  expect(settings["updates/automatic-updates/AUOptions"]).toBe("4");
  expect(settings["updates/restart-pending"]).toBe("yes");
});

test("reports no password that is in the registry", () => {
  const items = readSettings(registryOf(WINDOWS_11));
  expect(JSON.stringify(items)).not.toContain("PLANTED");
  expect(values(items)["updates/windows-update/WUServer"]).toBe("http://wsus.corp.example.com:8530");
});

test("reads the signatures of Defender, the TPM and BitLocker from the registry", () => {
  const text = [
    "Windows Registry Editor Version 5.00",
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Defender\\Signature Updates]",
    '"AVSignatureVersion"="1.403.1.0"',
    '"SignaturesLastUpdated"=hex:00,40,2b,57,11,42,da,01',
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Enum\\ACPI\\MSFT0101\\1]",
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\BitlockerStatus]",
    '"BootStatus"=dword:00000001',
  ].join("\n");
  expect(values(readSettings(registryOf(text)))).toEqual({
    "antivirus/defender-signatures/AVSignatureVersion": "1.403.1.0",
    "antivirus/defender-signatures/SignaturesLastUpdated": expect.stringMatching(/^2024-01-0\dT/),
    "boot/tpm/device": "2.0",
    "encryption/bitlocker/BootStatus": "1",
  });
});

test("an empty registry has no settings", () => {
  expect(readSettings(registryOf("Windows Registry Editor Version 5.00"))).toEqual([]);
});

/** In the layout of the script's output. */
const REPLY = {
  parts: {
    volumes: [
      { DriveLetter: "C:", ProtectionStatus: 1, ConversionStatus: 1, EncryptionMethod: 7, VolumeType: 0 },
      { DriveLetter: "D:", ProtectionStatus: 0, ConversionStatus: 0, EncryptionMethod: 0, VolumeType: 1 },
      { DriveLetter: null, ProtectionStatus: 0 },
    ],
    tpm: [
      {
        IsEnabled_InitialValue: true,
        IsActivated_InitialValue: true,
        IsOwned_InitialValue: false,
        ManufacturerIdTxt: "INTC",
        ManufacturerVersion: "500.16.0.0",
        SpecVersion: "2.0, 0, 1.38",
      },
    ],
    defender: [
      {
        RealTimeProtectionEnabled: false,
        IsTamperProtected: true,
        AMRunningMode: "Passive Mode",
        AntivirusSignatureVersion: "1.403.1.0",
        AntivirusSignatureLastUpdated: "2024-01-10T08:00:00Z",
      },
    ],
    products: [{ displayName: "Example Endpoint", productState: 0x41000 }],
    deviceGuard: {
      value: [{ VirtualizationBasedSecurityStatus: 2, SecurityServicesRunning: [1, 2] }],
      Count: 1,
    },
    policy: [
      '[System Access]\r\nPasswordComplexity = 1\r\nNewGuestName = "Gast"\r\n[Privilege Rights]\r\nSeRemoteInteractiveLogonRight = *S-1-5-32-555,*S-1-5-32-544\r\n',
    ],
  },
  failed: {},
};

test("reads the reply of PowerShell", () => {
  const { settings, gaps } = parsePowerShellFacts(`\ufeff${JSON.stringify(REPLY)}\r\n`);
  expect(gaps).toEqual([]);
  expect(values(settings)).toEqual({
    "encryption/bitlocker/C:": "on",
    "encryption/bitlocker-state/C:": "fully encrypted",
    "encryption/bitlocker-method/C:": "XTS-AES 256",
    "encryption/bitlocker/D:": "off",
    "encryption/bitlocker-state/D:": "fully decrypted",
    "encryption/bitlocker-method/D:": "none",
    "boot/tpm/enabled": "yes",
    "boot/tpm/activated": "yes",
    "boot/tpm/owned": "no",
    "boot/tpm/version": "2.0",
    "boot/tpm/manufacturer": "INTC",
    "boot/tpm/firmware": "500.16.0.0",
    "antivirus/defender/RealTimeProtectionEnabled": "no",
    "antivirus/defender/IsTamperProtected": "yes",
    "antivirus/defender/AMRunningMode": "Passive Mode",
    "antivirus/defender/AntivirusSignatureVersion": "1.403.1.0",
    "antivirus/defender/AntivirusSignatureLastUpdated": "2024-01-10T08:00:00Z",
    "antivirus/product/Example Endpoint": "on",
    "antivirus/product-signatures/Example Endpoint": "up to date",
    "boot/device-guard/vbs": "running",
    "boot/device-guard/services": "Credential Guard, memory integrity",
    "login/password-policy/PasswordComplexity": "1",
    "access-control/rights/SeRemoteInteractiveLogonRight": "S-1-5-32-544, S-1-5-32-555",
  });
});

test("a part that failed is a gap, unless this edition does not have it", () => {
  const failed = {
    products: [-2_146_233_088, 3],
    tpm: [-2_146_233_088, 2],
    policy: [-2_147_024_894, 0],
    volumes: "?",
  };
  expect(parsePowerShellFacts(JSON.stringify({ parts: {}, failed })).gaps).toEqual([
    { kind: "not-permitted", subject: "tpm of PowerShell", reason: "permission denied" },
    { kind: "unreadable", subject: "policy of PowerShell", reason: "error 0x80070002, 0" },
    { kind: "unreadable", subject: "volumes of PowerShell", reason: "error 0x00000000, 0" },
  ]);
});

test.each(["", "fixme:powershell:wmain stub", "{}", '{"parts":[]}', "[1]", '{"parts":'])(
  "the reply %p is not one of the script",
  (text) => {
    expect(() => parsePowerShellFacts(text)).toThrow();
  },
);

test("values of other types are left out", () => {
  const parts = {
    volumes: [{ DriveLetter: 7 }, null, "x", { DriveLetter: "C:", ProtectionStatus: "1" }],
    tpm: [{ SpecVersion: 2, IsEnabled_InitialValue: "true" }],
    products: [{ displayName: {}, productState: 1 }],
    policy: [7],
  };
  expect(parsePowerShellFacts(JSON.stringify({ parts })).settings).toEqual([]);
});

test("PowerShell gets the script in one argument", () => {
  const [, , , , encoded] = powerShellArguments(POWERSHELL_SCRIPT);
  expect(powerShellArguments("x").slice(0, 4)).toEqual([
    "-NoLogo",
    "-NoProfile",
    "-NonInteractive",
    "-EncodedCommand",
  ]);
  expect(Buffer.from(encoded!, "base64").toString("utf16le")).toBe(POWERSHELL_SCRIPT);
  // Windows limits a command line to 32,767 characters.
  expect(encoded!.length).toBeLessThan(20_000);
});

test("reads the security policy in any language", () => {
  const text = [
    "[Unicode]",
    "Unicode=yes",
    "[System Access]",
    "MinimumPasswordLength = 14",
    "LockoutBadCount = -1",
    'NewAdministratorName = "Verwalter"',
    "[Registry Values]",
    "MACHINE\\Software\\X=4,1",
    "[Privilege Rights]",
    "SeDenyNetworkLogonRight = Gast,*S-1-5-113",
    "SeEmpty =",
  ].join("\r\n");
  expect(values(parseSecurityPolicy(text))).toEqual({
    "login/password-policy/MinimumPasswordLength": "14",
    "login/password-policy/LockoutBadCount": "-1",
    "access-control/rights/SeDenyNetworkLogonRight": "Gast, S-1-5-113",
    "access-control/rights/SeEmpty": "",
  });
});

test("reports the rules for passwords with the names of the security policy", () => {
  const policy = {
    minimumLength: 14,
    maximumAgeDays: undefined,
    minimumAgeDays: 1,
    rememberedPasswords: 24,
    lockoutThreshold: 0,
    lockoutMinutes: undefined,
    lockoutWindowMinutes: 10,
  };
  expect(values(policySettings(policy))).toEqual({
    "login/password-policy/MinimumPasswordLength": "14",
    "login/password-policy/MaximumPasswordAge": "-1",
    "login/password-policy/MinimumPasswordAge": "1",
    "login/password-policy/PasswordHistorySize": "24",
    "login/password-policy/LockoutBadCount": "0",
    "login/password-policy/ResetLockoutCount": "10",
  });
  expect(policySettings(undefined)).toEqual([]);
});

test("names the subcategories of the audit policy by their GUIDs", () => {
  expect(Object.keys(AUDIT_SUBCATEGORIES)).toHaveLength(59);
  const suffix = "-69ae-11d9-bed3-505054503030";
  expect(AUDIT_SUBCATEGORIES[`0cce9215${suffix}`]).toBe("Logon");
  expect(AUDIT_SUBCATEGORIES[`0cce922b${suffix}`]).toBe("Process Creation");
  expect(AUDIT_SUBCATEGORIES[`0cce923f${suffix}`]).toBe("Credential Validation");
  expect(AUDIT_SUBCATEGORIES[`0cce924a${suffix}`]).toBe("Token Right Adjusted Events");
  const policy = new Map([
    [`0cce9215${suffix}`, 3],
    [`0cce922b${suffix}`, 0],
    ["unknown", 1],
  ]);
  expect(auditSettings(policy).map((item) => securityItem.parse(item).value)).toEqual([
    "success and failure",
    "no auditing",
  ]);
  expect(encodeGuid(`0cce9215${suffix}`).toString("hex")).toBe("1592ce0cae69d911bed3505054503030");
});
