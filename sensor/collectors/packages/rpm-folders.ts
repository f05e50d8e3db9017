// Where rpm keeps its database: the macro %_dbpath of its configuration, then the folders that distributions
// use. If several exist, most are links to the first one.

import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

/** Fedora, SUSE and RHEL 10; older releases; systems of rpm-ostree. */
const FOLDERS = ["/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"];
const MAX_MACRO_FILES = 500;

export interface RpmSettings {
  folders: string[];
  /** %_db_backend: sqlite, ndb or bdb. */
  backend?: string;
}

export function readRpmSettings(files: HostFiles): RpmSettings {
  const macros = new Map<string, string>();
  const macroFiles = (folder: string) =>
    files.list(folder).flatMap((name) => (name.startsWith("macros.") ? `${folder}/${name}` : []));
  // In rpm's order. A later definition replaces an earlier one.
  const paths = [
    "/usr/lib/rpm/macros",
    ...macroFiles("/usr/lib/rpm/macros.d"),
    "/usr/lib/rpm/redhat/macros",
    "/usr/lib/rpm/suse/macros",
    ...macroFiles("/etc/rpm"),
    "/etc/rpm/macros",
  ];
  for (const path of firstOf(files, "macros of rpm", paths, MAX_MACRO_FILES, "read"))
    readMacros(files.findText(path) ?? "", macros);
  const folder = expandPath(macros.get("_dbpath") ?? "");
  return {
    folders: [...new Set(folder === undefined ? FOLDERS : [folder, ...FOLDERS])],
    backend: macros.get("_db_backend")?.trim(),
  };
}

function readMacros(text: string, macros: Map<string, string>): void {
  for (const [, name = "", body = ""] of text.matchAll(/^%(_dbpath|_db_backend)[ \t]+(.*)$/gm))
    macros.set(name, body.trim());
}

const PATHS: Record<string, string> = { _var: "/var", _localstatedir: "/var", _usr: "/usr", _prefix: "/usr" };

/** `%{_var}/lib/rpm` → /var/lib/rpm; undefined if it contains anything else that needs expansion. */
function expandPath(macro: string): string | undefined {
  const path = macro.replace(/%\{(\w+)\}/g, (whole, name: string) => PATHS[name] ?? whole);
  return path.startsWith("/") && !/[%\s]/.test(path) ? path.replace(/\/+$/, "") : undefined;
}
