import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Data, NtExecutable, NtExecutableResource, Resource } from "resedit";
import { compile, SENSOR } from "./build.ts";
import { runCommand } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import { LONG_TESTS } from "./long-tests.ts";
import { openTemporaryFolder } from "./temporary-folder.ts";
import { ICON_FILE, writeWindowsResources } from "./windows-resources.ts";

function readResources(path: string) {
  const { entries } = NtExecutableResource.from(NtExecutable.from(readFileSync(path)));
  const [version, ...others] = Resource.VersionInfo.fromEntries(entries);
  const groups = Resource.IconGroupEntry.fromEntries(entries);
  return { version: version!, others, groups, entries };
}

function expectSensor(path: string, release: string, numbers: [number, number]): void {
  const { version, others, groups, entries } = readResources(path);
  expect(others).toEqual([]);
  expect(version.getStringValues({ lang: 0x409, codepage: 1200 })).toMatchObject({
    ProductName: "AttackLens Sensor",
    CompanyName: "AttackLens",
    FileDescription: "AttackLens sensor, which reports the inventory of this host",
    FileVersion: release,
    ProductVersion: release,
    OriginalFilename: "attacklens-sensor.exe",
  });
  const { fileVersionMS, fileVersionLS, productVersionMS, productVersionLS } = version.fixedInfo;
  expect([fileVersionMS, fileVersionLS]).toEqual(numbers);
  expect([productVersionMS, productVersionLS]).toEqual(numbers);
  expect(groups).toHaveLength(1);
  const icons = Data.IconFile.from(readFileSync(ICON_FILE)).icons;
  expect(groups[0]!.icons.map(({ width }) => width || 256)).toEqual([16, 24, 32, 48, 256]);
  expect(groups[0]!.getIconItemsFromEntries(entries)).toHaveLength(icons.length);
}

test("a Windows program carries names, version, publisher and icon", () => {
  using folder = openTemporaryFolder("resources");
  const [path, again] = [join(folder.path, "a.exe"), join(folder.path, "b.exe")];
  for (const copy of [path, again]) {
    writeFileSync(copy, new Uint8Array(NtExecutable.createEmpty().generate()));
    writeWindowsResources(copy, SENSOR, "2026.12.3");
  }
  expectSensor(path, "2026.12.3", [(2026 << 16) | 12, 3 << 16]);
  expect(readFileSync(path).equals(readFileSync(again))).toBe(true);
});

/** wrestool is another reader, and it also reads files to which Bun has added the program. */
test.skipIf(!LONG_TESTS)(
  "the built sensor for Windows carries them",
  async () => {
    using folder = openTemporaryFolder("resources");
    const path = join(folder.path, "attacklens-sensor.exe");
    await compile(SENSOR, { path, target: "windows-x64", commit: "unknown", release: "2027.1.0" });
    const wrestool = await findOrInstall("wrestool");
    const list = (await runCommand([wrestool, "--list", path])).stdout;
    expect([...list.matchAll(/\[(type=\w+)/g)].map(([, type]) => type)).toEqual([
      ...Array(5).fill("type=icon"),
      "type=group_icon",
      "type=version",
    ]);
    const raw = join(folder.path, "version");
    await runCommand([wrestool, "--extract", "--raw", "--type=16", `--output=${raw}`, path]);
    const text = readFileSync(raw).toString("utf16le");
    for (const value of ["AttackLens Sensor", "AttackLens", SENSOR.description, "2027.1.0"])
      expect(text).toContain(`\0${value}\0`);
  },
  120_000,
);
