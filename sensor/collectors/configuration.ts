// Finds the configuration files of software that reads them from several folders: those of the administrator
// (/etc), of the running system (/run) and of the vendor (/usr/etc, /usr/lib). A file in an earlier folder
// replaces the file of the same name in a later one, also if it is empty or a link to /dev/null.

import { firstOf } from "./first-of.ts";
import type { HostFiles } from "./host-files.ts";

export interface ConfigurationFile {
  path: string;
  /** Undefined: the file exists, but cannot be read. */
  text: string | undefined;
}

interface DropIns {
  folder: string;
  suffix: string;
  /** Whether the software reads them before or after the main file. */
  place: "before" | "after";
  /**
   * "name": by file name, whatever the folder. "folder": those of the vendor first, each folder by file name
   * (libeconf).
   */
  order: "name" | "folder";
}

interface Layout {
  /** The folders, highest precedence first. */
  folders: string[];
  /** The main file. Undefined: there are only drop-ins. */
  file?: string;
  dropIns?: DropIns;
}

const SYSTEM_FOLDERS = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
/** Of Linux-PAM's modules. SUSE builds them with /usr/etc or /usr/lib as the vendor's folder. */
const SECURITY_FOLDERS = ["/etc/security", "/usr/etc/security", "/usr/lib/security"];

/** Where each software looks for its files. */
const LAYOUTS = {
  sudoers: { folders: ["/etc", "/usr/etc"], file: "sudoers" },
  nsswitch: { folders: ["/etc", "/usr/etc"], file: "nsswitch.conf" },
  sshd: { folders: ["/etc/ssh", "/usr/etc/ssh"], file: "sshd_config" },
  "login.defs": {
    folders: ["/etc", "/run", "/usr/etc"],
    file: "login.defs",
    dropIns: { folder: "login.defs.d", suffix: ".defs", place: "after", order: "folder" },
  },
  // libpwquality differs from most software: its main file overrides the drop-ins.
  pwquality: {
    folders: SECURITY_FOLDERS,
    file: "pwquality.conf",
    dropIns: { folder: "pwquality.conf.d", suffix: ".conf", place: "before", order: "name" },
  },
  faillock: { folders: SECURITY_FOLDERS, file: "faillock.conf" },
  pwhistory: { folders: SECURITY_FOLDERS, file: "pwhistory.conf" },
  sysctl: {
    folders: SYSTEM_FOLDERS,
    dropIns: { folder: "sysctl.d", suffix: ".conf", place: "after", order: "name" },
  },
  modprobe: {
    folders: SYSTEM_FOLDERS,
    dropIns: { folder: "modprobe.d", suffix: ".conf", place: "after", order: "name" },
  },
} satisfies Record<string, Layout>;

/** A PAM service is one file. Linux-PAM looks for it in these folders, in this order. */
const PAM_FOLDERS = ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"];

const MAX_DROP_INS = 1_000;

/** The files of a software in the order in which it reads them. Empty if there are none. */
export function readConfiguration(files: HostFiles, software: keyof typeof LAYOUTS): ConfigurationFile[] {
  const { folders, file, dropIns }: Layout = LAYOUTS[software];
  const main = file === undefined ? undefined : findInFolders(files, folders, file);
  const others = dropIns ? readDropIns(files, folders, dropIns) : [];
  if (main === undefined) return others;
  return dropIns?.place === "before" ? [...others, main] : [main, ...others];
}

/** The main file of a software. */
export function findMainFile(
  files: HostFiles,
  software: keyof typeof LAYOUTS,
): ConfigurationFile | undefined {
  const { folders, file }: Layout = LAYOUTS[software];
  return file === undefined ? undefined : findInFolders(files, folders, file);
}

/** The file of a PAM service. `name` may be an absolute path, as in an `include`. */
export function findPamService(files: HostFiles, name: string): ConfigurationFile | undefined {
  return name.startsWith("/") ? findFile(files, name) : findInFolders(files, PAM_FOLDERS, name);
}

/** Whether PAM's services have files. Without a folder of them, Linux-PAM reads /etc/pam.conf. */
export function hasPamServices(files: HostFiles): boolean {
  return PAM_FOLDERS.some((folder) => files.exists(folder));
}

export function findInFolders(
  files: HostFiles,
  folders: readonly string[],
  name: string,
): ConfigurationFile | undefined {
  for (const folder of folders) {
    const found = findFile(files, `${folder}/${name}`);
    if (found) return found;
  }
  return undefined;
}

export function findFile(files: HostFiles, path: string): ConfigurationFile | undefined {
  // A captured tree may have no /dev/null.
  if (files.findLink(path) === "/dev/null") return { path, text: "" };
  return files.exists(path) ? { path, text: files.findText(path) } : undefined;
}

/** The files in the subfolder of each folder, as the software merges them. */
export function readDropIns(
  files: HostFiles,
  folders: readonly string[],
  { folder: name, suffix, order }: Omit<DropIns, "place">,
): ConfigurationFile[] {
  const found = new Map<string, { name: string; rank: number; path: string }>();
  folders.forEach((base, rank) => {
    for (const each of files.list(`${base}/${name}`))
      if (each.endsWith(suffix) && !each.startsWith(".") && !found.has(each))
        found.set(each, { name: each, rank, path: `${base}/${name}/${each}` });
  });
  const sorted = [...found.values()].sort((left, right) =>
    order === "folder" && left.rank !== right.rank ? right.rank - left.rank : left.name < right.name ? -1 : 1,
  );
  return firstOf(files, name, sorted, MAX_DROP_INS, "read").flatMap(
    ({ path }) => findFile(files, path) ?? [],
  );
}
