// The lines of all sudoers files (sudoers(5)), with includes resolved, continued lines joined and comments
// removed.
import { posix } from "node:path";
import type { HostFiles } from "../host-files.ts";

const MAX_DEPTH = 8;
const MAX_FILES = 500;

/** Undefined if there is no sudoers file. Throws if it cannot be read. */
export function readSudoersLines(
  files: HostFiles,
  hostname: string,
  path = "/etc/sudoers",
): string[] | undefined {
  const text = files.readText(path);
  return text === undefined ? undefined : withIncludes(files, path, text, hostname, { files: MAX_FILES }, 0);
}

function withIncludes(
  files: HostFiles,
  path: string,
  text: string,
  hostname: string,
  budget: { files: number },
  depth: number,
): string[] {
  return parseSudoersLines(text).flatMap((line) => {
    const include = /^[#@]include(dir)?\s+(?:"([^"]+)"|(.+))$/.exec(line);
    if (!include) return [line];
    const named = (include[2] ?? include[3] ?? "").replaceAll("\\ ", " ").replaceAll("%h", hostname);
    const target = posix.resolve(posix.dirname(path), named);
    return includedFiles(files, target, include[1] === "dir").flatMap((file) => {
      budget.files -= 1;
      if (depth >= MAX_DEPTH || budget.files < 0) return [];
      return withIncludes(files, file, files.findText(file) ?? "", hostname, budget, depth + 1);
    });
  });
}

/** In a folder, sudo reads files sorted by name, except names with a dot or with a tilde at the end. */
function includedFiles(files: HostFiles, target: string, isFolder: boolean): string[] {
  if (!isFolder) return [target];
  return files
    .listEntries(target)
    .filter(({ name, kind }) => kind !== "folder" && !name.includes(".") && !name.endsWith("~"))
    .map(({ name }) => `${target}/${name}`);
}

/**
 * Returns the joined lines. `#` starts a comment, except before the digits of a uid and in `#include` and
 * `#includedir`.
 */
export function parseSudoersLines(text: string): string[] {
  const lines: string[] = [];
  let held = "";
  for (const raw of text.split("\n")) {
    if (raw.endsWith("\\") && !raw.endsWith("\\\\")) {
      held += `${raw.slice(0, -1)} `;
      continue;
    }
    const line = withoutComment(held + raw).trim();
    held = "";
    if (line !== "") lines.push(line);
  }
  return lines;
}

function withoutComment(line: string): string {
  if (/^\s*#include(?:dir)?\s/.test(line)) return line;
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const mark = line[at];
    if (mark === "\\") at += 1;
    else if (mark === '"') isQuoted = !isQuoted;
    else if (mark === "#" && !isQuoted && !/^#-?\d/.test(line.slice(at, at + 3))) return line.slice(0, at);
  }
  return line;
}
