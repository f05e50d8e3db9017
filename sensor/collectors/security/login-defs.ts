// The settings of login.defs(5), with the files of the vendor.
import { readConfiguration } from "../configuration.ts";
import type { HostFiles } from "../host-files.ts";
import { readOsRelease } from "../system/os-release.ts";

export interface LoginDefinition {
  value: string;
  source: string;
}

/** Debian's programs read this file only. */
const DEBIAN_FILE = "/etc/login.defs";

/** The last value of a name counts. */
export function readLoginDefs(files: HostFiles): Map<string, LoginDefinition> {
  const release = readOsRelease(files);
  const isDebian = `${release.get("ID")} ${release.get("ID_LIKE")}`.split(" ").includes("debian");
  const read = isDebian
    ? [{ path: DEBIAN_FILE, text: files.findText(DEBIAN_FILE) }]
    : readConfiguration(files, "login.defs");
  const found = new Map<string, LoginDefinition>();
  for (const { path, text = "" } of read)
    for (const [name, value] of parseLoginDefs(text)) found.set(name, { value, source: path });
  return found;
}

/** Parses `NAME value` lines. The value may be in quotes, and a comment may follow it. */
export function parseLoginDefs(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    const blank = line.search(/[ \t]/);
    if (line.startsWith("#") || blank < 0) continue;
    const rest = line.slice(blank).trimStart();
    const isQuoted = rest.startsWith('"');
    const value = isQuoted ? (rest.slice(1).split('"', 1)[0] ?? "") : withoutComment(rest);
    values.set(line.slice(0, blank), value);
  }
  return values;
}

function withoutComment(value: string): string {
  const comment = value.search(/[ \t]#/);
  return comment < 0 ? value : value.slice(0, comment).trimEnd();
}
