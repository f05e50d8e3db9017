// Which OpenSSH a host has, and its defaults: from the program, or from the database of packages.
import { gapOf, TooSlow } from "../../collector.ts";
import type { HostFiles } from "../../host-files.ts";
import { readRpmHeaders } from "../../packages/rpm-database.ts";
import { RPM_TAG } from "../../packages/rpm-header.ts";
import { readDatabaseParts } from "../../packages/text-database.ts";
import { readOsRelease } from "../../system/os-release.ts";
import {
  type AlgorithmDefaults,
  algorithmListsOf,
  findAlgorithmLists,
  stringsWith,
} from "./algorithm-defaults.ts";
import { type SshdKeyword, versionNumber } from "./keywords.ts";

export interface SshdBuild {
  /** As a number, e.g. 902. Undefined: unknown. */
  version: number | undefined;
  /** Where a value comes from that no file sets. */
  source: string;
  /** Undefined: empty or not known. */
  defaultOf(keyword: SshdKeyword): string | undefined;
  /** The default list of a keyword such as `Ciphers`. */
  algorithmsOf(name: string): string[] | undefined;
}

/** The largest sshd with debug symbols has less. */
const MAX_PROGRAM_BYTES = 16 * 1024 * 1024;
/** Not `OpenSSH_7.0*`, which is a pattern of other versions. */
const VERSION = /^OpenSSH_(\d{1,3})\.(\d{1,3})(?:p\d+)?(?: [^*]*)?$/;

export function readSshdBuild(files: HostFiles, program: string): SshdBuild {
  const bytes = files.findBytes(program, MAX_PROGRAM_BYTES);
  const content = bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0);
  const redHat = redHatRelease(files);
  const version =
    programVersion(content) ??
    parseVersion(/^(?:\d+:)?(\d+)\.(\d+)/.exec(packageVersion(files) ?? "")) ??
    RED_HAT_VERSIONS[redHat ?? ""];
  const lists = { ...algorithmListsOf(version), ...findAlgorithmLists(content) };
  return describeBuild(version, lists, redHat !== undefined);
}

function programVersion(program: Buffer): number | undefined {
  for (const text of stringsWith(program, "OpenSSH_")) {
    const version = parseVersion(VERSION.exec(text));
    if (version !== undefined) return version;
  }
  return undefined;
}

function parseVersion(found: RegExpExecArray | null): number | undefined {
  return found ? versionNumber(Number(found[1]), Number(found[2])) : undefined;
}

export function describeBuild(
  version: number | undefined,
  lists: AlgorithmDefaults = algorithmListsOf(version),
  isRedHat = false,
): SshdBuild {
  const shown = version === undefined ? "" : ` ${Math.floor(version / 100)}.${version % 100}`;
  const algorithmsOf = (name: string) => lists[LIST_OF[name] ?? "signatures"];
  return {
    version,
    source: `default of OpenSSH${shown}`,
    algorithmsOf,
    defaultOf(keyword) {
      if (LIST_OF[keyword.name] || keyword.type === "signatures")
        return algorithmsOf(keyword.name)?.join(",");
      // Red Hat's patch of OpenSSH before 8.0.
      if (keyword.name === "PermitRootLogin" && isRedHat && version !== undefined && version < 800)
        return "yes";
      return defaultValue(keyword, version);
    },
  };
}

const LIST_OF: Record<string, keyof AlgorithmDefaults> = {
  Ciphers: "ciphers",
  MACs: "macs",
  KexAlgorithms: "kex",
  CASignatureAlgorithms: "ca",
};

/** Without a version: the value that all versions have. */
function defaultValue({ defaults, since }: SshdKeyword, version: number | undefined): string | undefined {
  if (version === undefined)
    return defaults.length === 1 && defaults[0]?.[0] === 0 ? defaults[0][1] : undefined;
  return version < since ? undefined : defaults.findLast(([first]) => first <= version)?.[1];
}

/** These releases keep one version. */
const RED_HAT_VERSIONS: Record<string, number> = { 6: 503, 7: 704, "amzn 2": 704 };

/** The major version of a distribution that Red Hat's patches are in. */
function redHatRelease(files: HostFiles): string | undefined {
  const release = readOsRelease(files);
  const id = release.get("ID") ?? "";
  const ids = [id, ...(release.get("ID_LIKE") ?? "").split(" ")];
  if (id === "amzn") return `amzn ${release.get("VERSION_ID")}`;
  if (id === "fedora") return id;
  if (ids.some((each) => ["rhel", "centos"].includes(each)))
    return release.get("VERSION_ID")?.split(".", 1)[0] ?? "";
  return /release (\d+)/.exec(files.findLine("/etc/redhat-release") ?? "")?.[1];
}

function packageVersion(files: HostFiles): string | undefined {
  return (
    versionIn(files, "/var/lib/dpkg/status", "Package: openssh-server", "Version: ") ??
    versionIn(files, "/lib/apk/db/installed", "P:openssh-server", "V:") ??
    rpmVersion(files)
  );
}

function versionIn(files: HostFiles, path: string, line: string, field: string): string | undefined {
  try {
    for (const text of readDatabaseParts(files, path) ?? []) {
      const version = fieldAfter(text, line, field);
      if (version !== undefined) return version;
    }
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    files.noteGap(gapOf(error, path));
  }
  return undefined;
}

function rpmVersion(files: HostFiles): string | undefined {
  try {
    for (const header of readRpmHeaders(files) ?? [])
      if (["openssh-server", "openssh"].includes(String(header.get(RPM_TAG.name))))
        return String(header.get(RPM_TAG.version));
  } catch (error) {
    if (error instanceof TooSlow) throw error;
    // The packages report why.
  }
  return undefined;
}

/** The value of a field in the stanza that has the line. */
function fieldAfter(text: string, line: string, field: string): string | undefined {
  const start = `\n${text}`.indexOf(`\n${line}\n`);
  if (start < 0) return undefined;
  const stanza = text.slice(start).split("\n\n", 1)[0] ?? "";
  return stanza
    .split("\n")
    .find((each) => each.startsWith(field))
    ?.slice(field.length);
}
