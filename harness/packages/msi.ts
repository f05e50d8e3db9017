// Builds the .msi of the sensor with wixl. wixl does not know environment variables, actions and downgrades,
// so msibuild adds their rows. Then the time and the id of the package are set, which wixl takes from the
// clock and from chance.
import { copyFileSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PackageFiles } from "@attacklens/protocol/package-files.ts";
import { ICON_FILE, PUBLISHER } from "../windows-resources.ts";
import { runTool } from "./package.ts";

export interface WindowsPackage {
  contents: PackageFiles;
  product: string;
  description: string;
  release: string;
  /** The built program. */
  program: string;
  /** Seconds since 1970. */
  date: number;
}

/** It is the same for all releases: Windows recognizes an upgrade by it. */
const UPGRADE_CODE = "7B1E7D5C-3F0E-4B52-9C1B-6D0C8E5A4F21";
const PROGRAM_COMPONENT = "C2F4F2B7-51C6-4A0B-8D8E-1F6C0F0B9E37";

export function msiName({ contents, release }: WindowsPackage): string {
  return `${contents.name}-${release}-x64.msi`;
}

/** Windows Installer allows at most 255 for year and month: 2026.11.0 is 26.11.0. */
export function msiVersion(release: string): string {
  const [year, ...rest] = release.split(".").map(Number);
  return [year! - 2000, ...rest].join(".");
}

/** Writes the package to the path. `folder` is an empty folder for its files. */
export async function buildMsi(source: WindowsPackage, path: string, folder: string): Promise<void> {
  const { contents, program, date } = source;
  const [file, icon] = [join(folder, `${contents.name}.exe`), join(folder, "attacklens.ico")];
  copyFileSync(program, file);
  copyFileSync(ICON_FILE, icon);
  for (const name of [file, icon]) utimesSync(name, date, date);
  writeFileSync(join(folder, "package.wxs"), wxsOf(source));
  await runTool(["wixl", "--arch", "x64", "--output", path, "package.wxs"], {}, folder);
  for (const query of queries(source)) await runTool(["msibuild", path, "-q", query]);
  setSummary(path, date, guid(`package ${await sha256(program)} ${source.release} ${date}`));
}

function wxsOf({ contents, product, description, release }: WindowsPackage): string {
  const { windowsKey } = contents;
  const value = `<RegistryValue Root="HKLM" Key="${windowsKey}" Name="Package" Type="string" Value="msi" />`;
  const mark = windowsKey === undefined ? "" : `              ${value}\n`;
  return `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="${guid(`product ${release}`)}" Name="${product}" Language="1033"
      Version="${msiVersion(release)}" Manufacturer="${PUBLISHER}" UpgradeCode="${UPGRADE_CODE}">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"
        Description="${product} ${release}" Comments="${description}" />
    <Upgrade Id="${UPGRADE_CODE}">
      <UpgradeVersion Minimum="0.0.0" IncludeMinimum="yes" Property="OTHERVERSION" />
    </Upgrade>
    <Media Id="1" Cabinet="program.cab" EmbedCab="yes" />
    <Icon Id="attacklens.ico" SourceFile="attacklens.ico" />
    <Property Id="ARPPRODUCTICON" Value="attacklens.ico" />
    <Property Id="ARPNOMODIFY" Value="1" />
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder">
        <Directory Id="VENDORFOLDER" Name="${PUBLISHER}">
          <Directory Id="INSTALLFOLDER" Name="Sensor">
            <Component Id="Program" Guid="${PROGRAM_COMPONENT}" Win64="yes">
              <File Id="Program" Name="${contents.name}.exe" Source="${contents.name}.exe" KeyPath="yes" />
${mark}            </Component>
          </Directory>
        </Directory>
      </Directory>
    </Directory>
    <InstallExecuteSequence>
      <RemoveExistingProducts After="InstallInitialize" />
    </InstallExecuteSequence>
    <Feature Id="Sensor" Title="${product}" Level="1">
      <ComponentRef Id="Program" />
    </Feature>
  </Product>
</Wix>
`;
}

/** Deferred, as SYSTEM, and a failure is ignored: the task exists only on an enrolled host. */
const ACTION_TYPE = 34 + 64 + 1024 + 2048;

/**
 * The running program keeps its file open, so its task stops first. An upgrade first removes the earlier
 * product, with these actions, and then starts the task again. Only removing the product deletes the task.
 * The identity stays in ProgramData.
 */
function queries({ contents: { windowsTask }, release }: WindowsPackage): string[] {
  const actions = [
    { name: "StopTask", command: "/End", condition: "1", sequence: 1550 },
    {
      name: "DeleteTask",
      command: "/Delete /F",
      condition: 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE',
      sequence: 3400,
    },
    { name: "StartTask", command: "/Run", condition: 'NOT REMOVE="ALL"', sequence: 6500 },
  ];
  const inserted = windowsTask === undefined ? [] : actions;
  return [
    `UPDATE File SET Version='${release}.0', Language='1033' WHERE File='Program'`,
    "CREATE TABLE Environment (Environment CHAR(72) NOT NULL, Name CHAR(255) NOT NULL LOCALIZABLE, Value CHAR(255) LOCALIZABLE, Component_ CHAR(72) NOT NULL PRIMARY KEY Environment)",
    // `=-` sets the value and removes it with the product, `*` is the machine's, `[~]` is the rest of it.
    "INSERT INTO Environment (Environment, Name, Value, Component_) VALUES ('Path', '=-*PATH', '[~];[INSTALLFOLDER]', 'Program')",
    "INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('RemoveEnvironmentStrings', 3300)",
    "INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('WriteEnvironmentStrings', 5200)",
    ...inserted.flatMap(({ name, command, condition, sequence }) => [
      `INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('${name}', ${ACTION_TYPE}, 'TARGETDIR', '[System64Folder]schtasks.exe ${command} /TN "${windowsTask}"')`,
      `INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('${name}', '${condition}', ${sequence})`,
    ]),
  ];
}

async function sha256(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
}

/** The same GUID for the same name, in the form of version 8 (RFC 9562). */
function guid(name: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(`attacklens ${name}`).digest("hex").toUpperCase();
  const variant = ((Number.parseInt(hash[16]!, 16) & 3) | 8).toString(16).toUpperCase();
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    variant + hash.slice(17, 20),
    hash.slice(20, 32),
  ].join("-");
}

/** FMTID_SummaryInformation, as its bytes are in the file ([MS-OLEPS], 2.21). */
const SUMMARY = Buffer.from("e0859ff2f94f6810ab9108002b27b3d9", "hex");
const TYPES = { string: 30, time: 64 };
const REVISION_NUMBER = 9;

/** Sets the package's id, which is the revision number, and both times in the summary of the file. */
function setSummary(path: string, date: number, id: string): void {
  const bytes = readFileSync(path);
  const header = bytes.indexOf(SUMMARY);
  // The stream begins 28 bytes earlier. The offset of its only section follows the FMTID.
  const section = header - 28 + bytes.readUInt32LE(header + SUMMARY.length);
  const count = bytes.readUInt32LE(section + 4);
  for (let index = 0; index < count; index++) {
    const property = bytes.readUInt32LE(section + 8 + index * 8);
    const value = section + bytes.readUInt32LE(section + 12 + index * 8);
    const type = bytes.readUInt32LE(value);
    // FILETIME counts 100 ns since 1601.
    if (type === TYPES.time) bytes.writeBigUInt64LE(BigInt(date + 11_644_473_600) * 10_000_000n, value + 4);
    if (type === TYPES.string && property === REVISION_NUMBER) bytes.write(`{${id}}`, value + 8, "latin1");
  }
  writeFileSync(path, bytes);
}
