import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SENSOR } from "../build.ts";
import { runCommand } from "../command.ts";
import { findOrInstall } from "../debian.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../temporary-folder.ts";
import { buildMsi, msiName, msiVersion } from "./msi.ts";

const canBuild = process.platform === "linux" && (process.getuid?.() === 0 || Bun.which("wixl") !== null);
const contents = {
  name: "attacklens-sensor",
  program: "/usr/bin/attacklens-sensor",
  stateDir: "/var/lib/attacklens-sensor",
  files: [],
  nextSteps: [],
  windowsTask: "\\AttackLens\\Sensor",
  windowsKey: "SOFTWARE\\AttackLens\\Sensor",
};

let folder: TemporaryFolder;
/** Packages by their name: `first` and `again` of the same inputs, and `later` of another release. */
const packages: Record<string, string> = {};

beforeAll(async () => {
  if (!canBuild) return;
  await findOrInstall("wixl");
  await findOrInstall("msibuild");
  folder = openTemporaryFolder("msi");
  // The package contains any program, so a small one is enough.
  const program = join(folder.path, "program.exe");
  writeFileSync(program, "MZ program");
  for (const [name, release] of [
    ["first", "2026.11.0"],
    ["again", "2026.11.0"],
    ["later", "2027.1.4"],
  ] as const) {
    const own = join(folder.path, name);
    mkdirSync(own);
    packages[name] = join(own, "package.msi");
    const source = { ...SENSOR, contents, release, program, date: 1_795_000_000 };
    await buildMsi(source, packages[name], own);
  }
}, 120_000);
afterAll(() => folder?.[Symbol.dispose]());

/** The rows of a table, each as its columns by name. */
async function readTable(file: string, table: string): Promise<Record<string, string>[]> {
  const { stdout, stderr } = await runCommand(["msiinfo", "export", file, table]);
  expect(stderr).toBe("");
  const [names = [], _types, _table, ...rows] = stdout
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split("\t"));
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? ""])));
}

async function readProperties(file: string): Promise<Record<string, string>> {
  const rows = await readTable(file, "Property");
  return Object.fromEntries(rows.map(({ Property, Value }) => [Property, Value]));
}

async function readSummary(file: string): Promise<string> {
  return (await runCommand(["msiinfo", "suminfo", file], { env: { ...process.env, TZ: "UTC" } })).stdout;
}

test("the name has the release, and the version is one that Windows Installer accepts", () => {
  expect(msiName({ ...SENSOR, contents, release: "2026.11.0", program: "", date: 0 })).toBe(
    "attacklens-sensor-2026.11.0-x64.msi",
  );
  expect(msiVersion("2026.11.0")).toBe("26.11.0");
  expect(msiVersion("2031.1.12")).toBe("31.1.12");
});

test.skipIf(!canBuild)("the package names product, version and publisher", async () => {
  expect(await readProperties(packages.first!)).toMatchObject({
    ProductName: "AttackLens Sensor",
    ProductVersion: "26.11.0",
    Manufacturer: "AttackLens",
    ALLUSERS: "1",
    ARPPRODUCTICON: "attacklens.ico",
  });
  const summary = await readSummary(packages.first!);
  expect(summary).toContain("Subject: AttackLens Sensor 2026.11.0");
  expect(summary).toContain("Template: x64;1033");
  // The given time, not that of the build.
  expect(summary).toContain("Created: Wed Nov 18 11:06:40 2026");
});

test.skipIf(!canBuild)("the program is in Program Files and in PATH", async () => {
  const { stdout } = await runCommand(["msiextract", "--list", packages.first!]);
  expect(stdout.trim()).toBe("AttackLens/Sensor/attacklens-sensor.exe");
  expect(await readTable(packages.first!, "Directory")).toContainEqual({
    Directory: "VENDORFOLDER",
    Directory_Parent: "ProgramFiles64Folder",
    DefaultDir: "AttackLens",
  });
  const out = join(folder.path, "extracted");
  await runCommand(["msiextract", "--directory", out, packages.first!]);
  expect(readFileSync(join(out, stdout.trim()), "utf8")).toBe("MZ program");
  expect(await readTable(packages.first!, "Environment")).toEqual([
    { Environment: "Path", Name: "=-*PATH", Value: "[~];[INSTALLFOLDER]", Component_: "Program" },
  ]);
  // Root 2 is HKEY_LOCAL_MACHINE.
  expect(await readTable(packages.first!, "Registry")).toMatchObject([
    { Root: "2", Key: contents.windowsKey, Name: "Package", Value: "msi", Component_: "Program" },
  ]);
});

test.skipIf(!canBuild)("a later and an earlier package replace each other", async () => {
  const [first, later] = await Promise.all([packages.first!, packages.later!].map(readProperties));
  expect(later!.UpgradeCode).toBe(first!.UpgradeCode!);
  expect(later!.ProductCode).not.toBe(first!.ProductCode!);
  const [upgrade] = await readTable(packages.first!, "Upgrade");
  // From version 0 to any: also a downgrade replaces the product.
  expect(upgrade).toMatchObject({ UpgradeCode: first!.UpgradeCode!, VersionMin: "0.0.0", VersionMax: "" });
  // msidbUpgradeAttributesVersionMinInclusive
  expect(Number(upgrade!.Attributes) & 0x100).toBe(0x100);
});

test.skipIf(!canBuild)(
  "the task stops before files change, and only removing the product deletes it",
  async () => {
    const sequence = await readTable(packages.first!, "InstallExecuteSequence");
    const at = (name: string) => Number(sequence.find(({ Action }) => Action === name)?.Sequence);
    const order = ["InstallInitialize", "RemoveExistingProducts", "StopTask", "DeleteTask", "RemoveFiles"];
    order.push("InstallFiles", "StartTask", "InstallFinalize");
    expect(order.map(at)).toEqual(order.map(at).toSorted((a, b) => a - b));
    expect(order.map(at)).not.toContain(Number.NaN);
    const condition = (name: string) => sequence.find(({ Action }) => Action === name)?.Condition;
    expect(condition("DeleteTask")).toBe('REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE');
    expect(condition("StartTask")).toBe('NOT REMOVE="ALL"');
    const actions = await readTable(packages.first!, "CustomAction");
    expect(actions.map(({ Action, Target }) => [Action, Target])).toEqual([
      ["StopTask", '[System64Folder]schtasks.exe /End /TN "\\AttackLens\\Sensor"'],
      ["DeleteTask", '[System64Folder]schtasks.exe /Delete /F /TN "\\AttackLens\\Sensor"'],
      ["StartTask", '[System64Folder]schtasks.exe /Run /TN "\\AttackLens\\Sensor"'],
    ]);
  },
);

test.skipIf(!canBuild)(
  "the same inputs give the same bytes, and another release another package id",
  async () => {
    expect(readFileSync(packages.first!).equals(readFileSync(packages.again!))).toBe(true);
    const id = async (file: string) => /UUID\): (\S+)/.exec(await readSummary(file))?.[1];
    expect(await id(packages.first!)).toMatch(/^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/);
    expect(await id(packages.later!)).not.toBe(await id(packages.first!));
  },
);
