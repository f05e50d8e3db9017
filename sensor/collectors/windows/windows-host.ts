// A host with Windows: this one, or a disk of one that is mounted at a folder.
import { gapOf } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { type Hive, openHive } from "./hive.ts";
import { type HiveMount, mountHives, readInBlocks } from "./hive-registry.ts";
import { openLiveRegistry } from "./live-registry.ts";
import { findNumber, findText, type Registry, valuesOf } from "./registry.ts";
import { listProfiles, listUserHives, type Profile, type UserHive } from "./user-hives.ts";
import { CONFIG, findIgnoringCase } from "./windows-disk.ts";

export interface WindowsHost {
  files: HostFiles;
  registry: Registry;
  /** Variables of the system, by name in lower case. */
  variables: ReadonlyMap<string, string>;
  profiles: Profile[];
  /** Users whose part of the registry can be read. */
  users: UserHive[];
  /** The path that `files` takes for one such as `C:\Windows`; undefined: on a disk that is not mounted. */
  pathOf(windowsPath: string): string | undefined;
}

const ENVIRONMENT = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";
/** Hives of a disk. */
const HIVES = { SOFTWARE: "SOFTWARE", SYSTEM: "SYSTEM", SAM: "SAM", SECURITY: "SECURITY" };

export function openWindowsHost(files: HostFiles): WindowsHost {
  const pathOf = (path: string) => (files.isLive ? path : findIgnoringCase(files, path));
  const system = files.isLive
    ? openLiveRegistry((subject) =>
        files.noteGap({ kind: "not-permitted", subject, reason: "permission denied" }),
      )
    : withCurrentControlSet(
        mountHives(
          Object.entries(HIVES).map(([key, file]) =>
            hiveMount(files, `HKLM\\${key}`, pathOf(`${CONFIG}\\${file}`)),
          ),
        ),
      );
  const variables = readVariables(system);
  const profiles = listProfiles(system, variables);
  const loaded = listUserHives(system);
  const absent = profiles.filter(({ sid }) => !loaded.some((user) => user.sid === sid));
  const mounts = absent.flatMap(({ sid, folder }) => [
    hiveMount(
      files,
      `HKU\\${sid}_Classes`,
      pathOf(`${folder}\\AppData\\Local\\Microsoft\\Windows\\UsrClass.dat`),
    ),
    hiveMount(files, `HKU\\${sid}`, pathOf(`${folder}\\NTUSER.DAT`)),
  ]);
  return {
    files,
    registry: mountHives(mounts, system),
    variables,
    profiles,
    users: [...loaded, ...absent.map(({ sid }) => ({ sid, path: `HKU\\${sid}` }))],
    pathOf,
  };
}

/** A file that cannot be read, or is not a hive, is a gap. */
function hiveMount(files: HostFiles, path: string, file: string | undefined): HiveMount {
  return {
    path,
    open() {
      try {
        const opened = file === undefined ? undefined : files.open(file);
        return opened && readableHive(files, file!, openHive(readInBlocks(opened)));
      } catch (error) {
        files.noteGap(gapOf(error, file ?? path));
        return undefined;
      }
    },
  };
}

function readableHive(files: HostFiles, file: string, hive: Hive): Hive {
  if (hive.isUnfinished)
    files.noteGap({
      kind: "damaged",
      subject: file,
      reason: "Windows did not finish writing it; the last changes may be missing",
    });
  return hive;
}

/** A disk has several sets of settings, and the number of the one that Windows uses. */
function withCurrentControlSet(registry: Registry): Registry {
  const current = findNumber(valuesOf(registry, "HKLM\\SYSTEM\\Select"), "Current") ?? 1;
  const set = `HKLM\\SYSTEM\\ControlSet${String(current).padStart(3, "0")}`;
  const real = (path: string) => path.replace(/^HKLM\\SYSTEM\\CurrentControlSet(?=\\|$)/i, () => set);
  return {
    findValues: (path) => registry.findValues(real(path)),
    listKeys: (path) => registry.listKeys(real(path)),
  };
}

/** Names in lower case. `%SystemRoot%` is a folder that Windows sets when it starts. */
function readVariables(registry: Registry): Map<string, string> {
  const values = valuesOf(registry, ENVIRONMENT);
  const root =
    findText(valuesOf(registry, "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"), "SystemRoot") ??
    "C:\\Windows";
  const drive = /^[A-Za-z]:/.exec(root)?.[0] ?? "C:";
  const variables = new Map([
    ["systemroot", root],
    ["windir", root],
    ["systemdrive", drive],
    ["programfiles", `${drive}\\Program Files`],
    ["programfiles(x86)", `${drive}\\Program Files (x86)`],
    ["programw6432", `${drive}\\Program Files`],
    ["commonprogramfiles", `${drive}\\Program Files\\Common Files`],
    ["commonprogramfiles(x86)", `${drive}\\Program Files (x86)\\Common Files`],
    ["programdata", `${drive}\\ProgramData`],
    ["allusersprofile", `${drive}\\ProgramData`],
    ["public", `${drive}\\Users\\Public`],
  ]);
  for (const name of values.keys()) {
    const text = findText(values, name);
    if (text !== undefined && !text.includes("%")) variables.set(name, text);
  }
  return variables;
}
