import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageItem } from "@attacklens/protocol/inventory/packages.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { readHotfixes } from "./hotfixes.ts";
import { unpackCode } from "./msi.ts";
import { readPrograms } from "./programs.ts";
import { parseFullName, readStoreApps } from "./store-apps.ts";
import { listUserHives } from "./user-hives.ts";

const WINDOWS_11 = readFileSync(join(import.meta.dir, "../../testdata/windows/windows-11.reg"), "utf8");
const ANNA = "S-1-5-21-1004336348-1177238915-682003330-1001";
const BJORN = "S-1-5-21-1004336348-1177238915-682003330-1002";
const UNINSTALL = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall";

const reg = (...lines: string[]) => ["Windows Registry Editor Version 5.00", "", ...lines].join("\n");
const programsOf = (text: string) => {
  const registry = registryOf(text);
  return readPrograms(
    registry,
    listUserHives(registry),
    new Map([["programfiles", "C:\\Program Files"]]),
  ).map((item) => packageItem.parse(item));
};

test("programs of both views, of users, and of Windows Installer are separate items", () => {
  expect(
    programsOf(WINDOWS_11).map(({ key, name, version, installedOn }) => [key, name, version, installedOn]),
  ).toEqual([
    ["program:amd64:7-Zip", "7-Zip 23.01 (x64)", "23.01", undefined],
    ["msi:{23170F69-40C1-2702-2301-000001000000}", "Agent 4.2", "4.2.1", "2023-12-15"],
    [
      "msi:{90160000-008C-0000-1000-0000000FF1CE}",
      "Office 16 Click-to-Run Extensibility Component",
      "16.0.5045",
      undefined,
    ],
    [
      "program:amd64:{90160000-008C-0000-1000-0000000FF1CE}_Office16_{1D1F7A9E-1111-2222-3333-444455556666}",
      "Security Update for Office (KB4484145) 64-Bit Edition",
      "",
      undefined,
    ],
    ["program:amd64:Old Tool", "Old Tool", "", "2019-01-31"],
    ["program:x86:7-Zip", "7-Zip 19.00", "19.00", "2020-01-31"],
    ["program:x86:Zahl", "Программа Ü", "12", "2021-01-01"],
    ["program:x86:Odd", "Odd", "1.2", undefined],
    [`winget:${ANNA}:Editor`, "Editor (User)", "1.85.1", "2024-01-11"],
    ["msi:{23170F69-40C1-2702-2301-000001000000}:Agent 4.2 Hotfix 3", "Agent 4.2 Hotfix 3", "", undefined],
    [`msi:${BJORN}:{10FEDCBA-5432-9876-8967-452301EFCDAB}`, "Notes for one user", "2.0.0", "2024-02-29"],
  ]);
});

test("reports the codes of a product, who has it, what it updates, and what Windows hides", () => {
  const byName = new Map(programsOf(WINDOWS_11).map((item) => [item.name, item]));
  expect(byName.get("Agent 4.2")).toMatchObject({
    productCode: "{23170F69-40C1-2702-2301-000001000000}",
    upgradeCode: "{0202CE12-AAAA-9601-2ADD-8000B20303D9}",
    scope: "machine",
    vendor: "Example AG",
  });
  expect(byName.get("Notes for one user")).toMatchObject({ scope: "user", sid: BJORN });
  expect(byName.get("Agent 4.2 Hotfix 3")?.parent).toBe("Agent 4.2");
  expect(byName.get("Security Update for Office (KB4484145) 64-Bit Edition")?.parent).toBe("Office 16");
  expect(byName.get("Office 16 Click-to-Run Extensibility Component")?.hidden).toBe(true);
  expect(byName.get("Editor (User)")).toMatchObject({
    packageId: "Example.Editor",
    sid: ANNA,
    scope: "user",
  });
  expect(byName.get("7-Zip 23.01 (x64)")).toMatchObject({
    location: "C:\\Program Files\\7-Zip\\",
    sizeBytes: 5_718_016,
  });
});

test("reports no command line and no source folder", () => {
  const text = JSON.stringify(programsOf(WINDOWS_11));
  expect(text).not.toContain("Uninstall.exe");
  expect(text).not.toContain("secret-share");
});

test.each([
  ["a name of another type", '"DisplayName"=hex:01,02', []],
  ["an empty name", '"DisplayName"=""', []],
  ["a number as the name", '"DisplayName"=dword:00000007', ["7"]],
  ["control characters", '"DisplayName"=hex(1):41,00,07,00,0a,00,42,00,00,00', ["A\ufffd\ufffdB"]],
  ["a lone surrogate", '"DisplayName"=hex(1):41,00,00,d8,42,00,00,00', ["A\ufffdB"]],
  ["a list as the name", '"DisplayName"=hex(7):41,00,00,00,42,00,00,00,00,00', ["A"]],
])("a row with %s", (_, value, names) => {
  expect(programsOf(reg(`[${UNINSTALL}\\X]`, value)).map(({ name }) => name)).toEqual(names);
});

test("expands variables in the folder", () => {
  const folder = Buffer.from("%ProgramFiles%\\X\0", "utf16le")
    .toString("hex")
    .replace(/..(?!$)/g, "$&,");
  const items = programsOf(
    reg(`[${UNINSTALL}\\X]`, '"DisplayName"="X"', `"InstallLocation"=hex(2):${folder}`),
  );
  expect(items).toMatchObject([{ location: "C:\\Program Files\\X" }]);
});

test("cuts huge texts", () => {
  const [item] = programsOf(
    reg(`[${UNINSTALL}\\${"k".repeat(255)}]`, `"DisplayName"="${"n".repeat(100_000)}"`),
  );
  expect(item?.name).toHaveLength(250);
});

test("a row that only looks like a product of Windows Installer has no code", () => {
  const items = programsOf(
    reg(`[${UNINSTALL}\\NotAGuid]`, '"DisplayName"="X"', '"WindowsInstaller"=dword:00000001'),
  );
  expect(items).toMatchObject([{ manager: "program", key: "program:amd64:NotAGuid" }]);
});

test("unpacks the codes of Windows Installer", () => {
  expect(unpackCode("96F071321C0420723210000010000000")).toBe("{23170F69-40C1-2702-2301-000001000000}");
  expect(unpackCode("96F071321C04207232100000100000")).toBeUndefined();
  expect(unpackCode("")).toBeUndefined();
});

test("hotfixes are those that are installed and shown", () => {
  const items = readHotfixes(registryOf(WINDOWS_11)).map((item) => packageItem.parse(item));
  expect(items).toMatchObject([
    { name: "KB5034441", version: "19041.3920.1.0", state: "installed", installedOn: "2024-01-10" },
    // The name of a cumulative update has no number. The file that it came from has.
    { name: "KB5034123", version: "22621.3007.1.8", state: "installed" },
    { name: "RollupFix", version: "22621.2861.1.6", state: "superseded" },
  ]);
});

test("an update with several packages is one hotfix, with the newest version", () => {
  const packages =
    "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
  const row = (name: string, state: string) => [`[${packages}\\${name}]`, `"CurrentState"=dword:${state}`];
  const items = readHotfixes(
    registryOf(
      reg(
        ...row("Package_for_KB5000002~31bf3856ad364e35~amd64~~10.0.1.9", "00000050"),
        ...row("Package_1_for_KB5000002~31bf3856ad364e35~amd64~~10.0.1.2", "00000070"),
        ...row("Package_for_KB5000002_RTM_GM~31bf3856ad364e35~amd64~~10.0.1.10", "00000070"),
        ...row("Package_for_DotNetRollup_481~31bf3856ad364e35~amd64~~10.0.9206.2", "00000070"),
        ...row("Microsoft-OneCore-Package~31bf3856ad364e35~amd64~~10.0.1.1", "00000070"),
      ),
    ),
  );
  expect(items.map(({ name, version, state }) => [name, version, state])).toEqual([
    ["KB5000002", "10.0.1.10", "installed"],
    ["DotNetRollup_481", "10.0.9206.2", "installed"],
  ]);
});

test("apps of the store are those of all users and of each user", () => {
  const registry = registryOf(WINDOWS_11);
  const items = readStoreApps(registry, listUserHives(registry)).map((item) => packageItem.parse(item));
  expect(items.map(({ name, version, scope, sid }) => [name, version, scope, sid])).toEqual([
    ["Microsoft.WindowsCalculator", "11.2307.4.0", "machine", undefined],
    ["SpotifyAB.SpotifyMusic", "1.226.1187.0", "user", ANNA],
    ["Microsoft.WindowsTerminal", "1.18.3181.0", "user", BJORN],
  ]);
});

test.each(["", "a_b", "Name_1.0_x64__", "Name_v1_x64__abc", "Name_1.0_x64__abc_more"])(
  "the name %p is not one of an app",
  (name) => {
    expect(parseFullName(name)).toBeUndefined();
  },
);
