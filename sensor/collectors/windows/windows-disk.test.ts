import { expect, test } from "bun:test";
import { CATEGORY_ITEMS } from "@attacklens/protocol/inventory/category-items.ts";
import { hiveKeyOf } from "../../testing/reg-file.ts";
import { makeWindowsDisk, readWindowsFixture } from "../../testing/windows-disk.ts";
import { writeHive } from "../../testing/write-hive.ts";
import { collectInventory } from "../collect.ts";

const WINDOWS_11 = readWindowsFixture("windows-11.reg");
const ANNA = "S-1-5-21-1004336348-1177238915-682003330-1001";
const NUSPEC = `<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2015/06/nuspec.xsd"><metadata>
  <id>Git.Install</id><version>2.43.0</version><authors>Git &amp; friends</authors>
</metadata></package>`;

/** The registry of anna, who is not signed in, is in her profile. */
const profile = {
  "Users/anna/NTUSER.DAT": writeHive(hiveKeyOf(`HKU\\${ANNA}`, WINDOWS_11)),
  "Users/anna/AppData/Local/Microsoft/Windows/UsrClass.dat": writeHive(
    hiveKeyOf(`HKU\\${ANNA}_Classes`, WINDOWS_11),
  ),
};

test("collects a disk from its hives, those of users too", async () => {
  using disk = makeWindowsDisk(WINDOWS_11, {
    ...profile,
    "ProgramData/chocolatey/lib/git.install/git.install.nuspec": `\ufeff${NUSPEC}`,
  });
  const inventory = await collectInventory(disk.root);
  const { packages, services, system, security } = inventory;
  if (packages.status !== "collected" || services.status !== "collected") throw new Error("not collected");
  if (system.status !== "collected" || security.status !== "collected") throw new Error("not collected");
  for (const item of packages.items) CATEGORY_ITEMS.packages.parse(item);
  for (const item of system.items) CATEGORY_ITEMS.system.parse(item);
  const names = packages.items.map(({ name }) => name);
  expect(names).toContain("Editor (User)");
  expect(names).toContain("SpotifyAB.SpotifyMusic");
  expect(packages.items.find(({ manager }) => manager === "chocolatey")).toMatchObject({
    key: "chocolatey:git.install",
    name: "Git.Install",
    version: "2.43.0",
    vendor: "Git & friends",
    location: "C:\\ProgramData\\chocolatey\\lib\\git.install",
  });
  expect(names).toHaveLength(18);
  expect(packages.gaps).toBeUndefined();
  expect(services.items.find(({ name }) => name === "BackupAgent")?.state).toBe("unknown");
  expect(security.items.map(({ key }) => key)).toContain("login/uac/EnableLUA");
  expect(system.items).toMatchObject([
    { key: "cpu", architecture: "amd64", logicalCount: 0 },
    {
      key: "host",
      hostname: "PC-0042",
      fqdn: "PC-0042.corp.example.com",
      domain: "corp.example.com",
      entraTenant: "72f988bf-0000-4000-8000-2d7cd011db47",
      timeZone: "W. Europe Standard Time",
    },
    {
      key: "identifiers",
      machineId: "3f2504e04f8941d39a0c0305e82c3301",
      productUuid: "4c4c4544-0042-3510-8054-b4c04f4e4d32",
    },
    { key: "kernel", release: "10.0.22631.3007" },
    {
      key: "os",
      name: "Windows 11 Pro",
      version: "10.0.22631.3007",
      buildId: "22631.3007",
      displayVersion: "23H2",
      edition: "Professional",
      installedAt: "2023-11-14T22:13:20Z",
    },
  ]);
  expect(inventory.ports).toMatchObject({ status: "absent" });
  expect(JSON.stringify(inventory)).not.toContain("PLANTED");
});

test("letter case of files and folders does not matter", async () => {
  using disk = makeWindowsDisk(WINDOWS_11, { "USERS/Anna/ntuser.dat": profile["Users/anna/NTUSER.DAT"] });
  const { packages } = await collectInventory(disk.root);
  if (packages.status !== "collected") throw new Error("not collected");
  expect(packages.items.map(({ name }) => name)).toContain("Editor (User)");
});

test("a damaged or unfinished hive costs its own facts only", async () => {
  const unfinished = Buffer.from(profile["Users/anna/NTUSER.DAT"]);
  unfinished.writeUInt32LE(9, 4);
  using disk = makeWindowsDisk(WINDOWS_11, {
    "Users/anna/NTUSER.DAT": unfinished,
    "Users/björn/NTUSER.DAT": "not a hive",
  });
  const { packages } = await collectInventory(disk.root);
  if (packages.status !== "collected") throw new Error("not collected");
  expect(packages.items.map(({ name }) => name)).toContain("Editor (User)");
  expect(packages.gaps?.map(({ kind, subject, reason }) => [kind, subject, reason])).toEqual([
    [
      "damaged",
      "/Users/anna/NTUSER.DAT",
      "Windows did not finish writing it; the last changes may be missing",
    ],
    ["unreadable", "/Users/björn/NTUSER.DAT", "not a hive"],
  ]);
});
