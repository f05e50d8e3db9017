// What Windows shows of a program: name, version, publisher, description and icon. Bun writes these only
// when it compiles on Windows, so the build writes them into the runtime first.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { Data, NtExecutable, NtExecutableResource, Resource } from "resedit";
import { ROOT } from "./terminal.ts";

export const PUBLISHER = "AttackLens";

export interface WindowsDescription {
  /** Name of the file without `.exe`. */
  name: string;
  /** As in the task manager and in the list of installed programs, e.g. `AttackLens Sensor`. */
  product: string;
  /** One phrase. */
  description: string;
}

/** Contains the console's favicon in five sizes, each as PNG. */
export const ICON_FILE = join(ROOT, "harness/attacklens.ico");

/** English (United States), and the code page of UTF-16. */
const LANGUAGE = { lang: 0x409, codepage: 1200 };

/** Icons, groups of icons, and version information (winuser.h, RT_…). */
const REPLACED_TYPES = [3, 14, 16];

/** Replaces Bun's resources in the file. The same inputs give the same bytes. */
export function writeWindowsResources(
  path: string,
  description: WindowsDescription,
  version = RELEASE,
): void {
  // The signature of Bun's publisher does not cover the program. resedit drops it.
  const program = NtExecutable.from(readFileSync(path), { ignoreCert: true });
  const resources = NtExecutableResource.from(program);
  resources.entries = resources.entries.filter(({ type }) => !REPLACED_TYPES.includes(Number(type)));

  const icons = Data.IconFile.from(readFileSync(ICON_FILE)).icons.map(({ data }) => data);
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, 1, LANGUAGE.lang, icons);

  const [year = 0, month = 0, patch = 0] = version.split(".").map(Number);
  const info = Resource.VersionInfo.createEmpty();
  info.lang = LANGUAGE.lang;
  info.setFileVersion(year, month, patch, 0, LANGUAGE.lang);
  info.setProductVersion(year, month, patch, 0, LANGUAGE.lang);
  info.fixedInfo.fileOS = 0x4_0004; // VOS_NT_WINDOWS32, also for 64-bit programs
  info.fixedInfo.fileType = 1; // VFT_APP
  info.setStringValues(LANGUAGE, {
    CompanyName: PUBLISHER,
    FileDescription: description.description,
    FileVersion: version,
    InternalName: description.name,
    LegalCopyright: `Copyright ${PUBLISHER}`,
    OriginalFilename: `${description.name}.exe`,
    ProductName: description.product,
    ProductVersion: version,
  });
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(program);
  writeFileSync(path, new Uint8Array(program.generate()));
}
