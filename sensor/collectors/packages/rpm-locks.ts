// Packages that the host's settings exclude from upgrades: the versionlock lists of dnf and yum, their
// exclude options, and the locks of zypper.

import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

/** Whether a package is locked. The version includes the epoch. */
export type RpmLocks = (name: string, version: string, architecture: string) => boolean;

const VERSION_LOCKS = ["/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list"];
const DNF5_LOCKS = "/etc/dnf/versionlock.toml";
const OPTIONS = ["/etc/dnf/dnf.conf", "/etc/yum.conf"];
const ZYPPER_LOCKS = "/etc/zypp/locks";
const MAX_GLOBS = 300;
const MAX_GLOB = 300;

export function readRpmLocks(files: HostFiles): RpmLocks {
  const patterns = [
    ...VERSION_LOCKS.flatMap((path) => versionLocks(files.findText(path) ?? "")),
    ...dnf5Locks(files.findText(DNF5_LOCKS) ?? ""),
    ...OPTIONS.flatMap((path) => excluded(files.findText(path) ?? "")),
    ...zypperLocks(files.findText(ZYPPER_LOCKS) ?? ""),
  ];
  const names = new Set(patterns.filter((pattern) => !isGlob(pattern)));
  const globs = patterns.filter((pattern) => isGlob(pattern) && pattern.length <= MAX_GLOB);
  const used = firstOf(files, "locks of packages", globs, MAX_GLOBS, "read").map(
    (pattern) => new Bun.Glob(pattern),
  );
  return (name, version, architecture) =>
    names.has(name) ||
    names.has(`${name}-${version}`) ||
    names.has(`${name}.${architecture}`) ||
    used.some((glob) => glob.match(name) || glob.match(`${name}-${version}.${architecture}`));
}

/** Braces are no part of these patterns. */
function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern) && !/[{}]/.test(pattern);
}

/**
 * dnf writes `bash-0:5.1.8-6.el9.*` and yum `0:bash-5.1.8-6.el9.*`. A lock on any version of a package keeps
 * it from upgrades. `!` excludes a version, and locks nothing.
 */
function versionLocks(text: string): string[] {
  return lines(text).flatMap((line) => {
    if (line.startsWith("!")) return [];
    const ofYum = /^\d+:(.+)-[^-]+-[^-]+$/.exec(line)?.[1];
    return ofYum ?? /^(.+)-\d+:[^-]+-[^-]+$/.exec(line)?.[1] ?? line;
  });
}

/** `name = "bash"` below `[[packages]]`. */
function dnf5Locks(text: string): string[] {
  return lines(text).flatMap((line) => /^name\s*=\s*["']([^"']+)["']/.exec(line)?.[1] ?? []);
}

/** `excludepkgs=kernel* php*`, or `exclude` in its older spelling. */
function excluded(text: string): string[] {
  return lines(text).flatMap((line) => {
    const value = /^exclude(?:pkgs)?\s*=(.*)$/.exec(line)?.[1] ?? "";
    return value.split(/[\s,]+/).filter(Boolean);
  });
}

/** Each stanza is a lock, e.g. `type: package`, `match_type: glob`, `solvable_name: kernel-default`. */
function zypperLocks(text: string): string[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map(
      lines(stanza).map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
      }),
    );
    const name = fields.get("solvable_name");
    return name && (fields.get("type") ?? "package") === "package" ? name : [];
  });
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
