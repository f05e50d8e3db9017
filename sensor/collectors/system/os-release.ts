// os-release(5): shell-like assignments that describe the operating system.
import type { HostFiles } from "../host-files.ts";

const FILES = ["/etc/os-release", "/usr/lib/os-release"];

export function readOsRelease(files: HostFiles): Map<string, string> {
  for (const path of FILES) {
    const values = parseAssignments(files.findText(path) ?? "");
    if (values.size > 0) return values;
  }
  return new Map();
}

/** Parses `NAME=value` lines with shell quoting but without expansion. The last value of a name counts. */
export function parseAssignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$/.exec(line.trim());
    if (match?.[1] !== undefined) values.set(match[1], unquote((match[2] ?? "").trim()));
  }
  return values;
}

function unquote(text: string): string {
  if (text.startsWith("'")) return /^'([^']*)'/.exec(text)?.[1] ?? text;
  if (text.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    return quoted === undefined ? text : quoted.replace(/\\(["$`\\])/g, "$1");
  }
  return text.split(/\s#/, 1)[0]?.trimEnd() ?? "";
}
