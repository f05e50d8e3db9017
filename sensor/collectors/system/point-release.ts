// The operating system with its point release. Some distributions write the point release only into a file
// that is older than os-release(5), and old releases have only that file.
import type { HostFiles } from "../host-files.ts";
import { readOsRelease } from "./os-release.ts";

export interface OperatingSystem {
  name: string;
  /** For users. Empty if no file has a version. */
  version: string;
  id?: string;
  versionId?: string;
  /** The most exact version, such as 12.11 where `versionId` is 12. */
  pointRelease?: string;
  codename?: string;
  buildId?: string;
}

/** In each, the first line with a version counts. A derivative often keeps the file of its origin. */
const RELEASE_FILES = [
  "/etc/redhat-release",
  "/etc/centos-release",
  "/etc/system-release",
  "/etc/alpine-release",
  "/etc/debian_version",
  "/etc/gentoo-release",
  "/etc/photon-release",
  "/etc/slackware-version",
];
const MAX_LINE = 300;

export function readOperatingSystem(files: HostFiles): OperatingSystem {
  const osRelease = readOsRelease(files);
  const textOf = (name: string) => osRelease.get(name)?.trim() || undefined;
  if (!textOf("ID") && !textOf("NAME")) return readOlderSystem(files);
  const id = textOf("ID");
  const versionId = textOf("VERSION_ID");
  const texts = [
    ...RELEASE_FILES.flatMap((path) => firstLine(files, path) ?? []),
    ...["VERSION", "PRETTY_NAME", "IMAGE_VERSION", "BUILD_ID"].flatMap((name) => textOf(name) ?? []),
  ];
  const isExact = versionId?.includes(".") ? versionId : undefined;
  const pointRelease = versionId === undefined ? undefined : (findRefinement(texts, versionId) ?? isExact);
  const buildId = textOf("BUILD_ID") ?? textOf("IMAGE_VERSION");
  const version = textOf("VERSION");
  // Debian's testing has no version; the file says `forky/sid`.
  const suite = id === "debian" ? firstLine(files, "/etc/debian_version") : undefined;
  return {
    name: textOf("NAME") ?? textOf("PRETTY_NAME") ?? "Linux",
    version: version
      ? withPointRelease(version, versionId, pointRelease)
      : (pointRelease ?? versionId ?? suite ?? buildId ?? ""),
    id,
    versionId,
    pointRelease,
    codename: textOf("VERSION_CODENAME"),
    buildId,
  };
}

/** `12` and `Debian 12.11` → 12.11. A version that does not begin with the known one is another system's. */
function findRefinement(texts: readonly string[], versionId: string): string | undefined {
  for (const text of texts) {
    for (const word of text.split(/[\s()"/]+/)) {
      if (word.startsWith(`${versionId}.`) && /^\d[\w.+~-]*$/.test(word)) return word;
    }
  }
  return undefined;
}

/** `12 (bookworm)` → `12.11 (bookworm)`. */
function withPointRelease(version: string, versionId?: string, pointRelease?: string): string {
  if (!versionId || !pointRelease || !version.startsWith(versionId)) return version;
  const rest = version.slice(versionId.length);
  return /^[\w.]/.test(rest) ? version : `${pointRelease}${rest}`;
}

/** Names in release files, and the ID that os-release has in later versions of the same distribution. */
const OLDER_IDS: readonly (readonly [name: string, id: string])[] = [
  ["CentOS", "centos"],
  ["Red Hat", "rhel"],
  ["Fedora", "fedora"],
  ["Oracle", "ol"],
  ["Enterprise Linux Enterprise Linux", "ol"],
  ["Scientific", "scientific"],
  ["Amazon", "amzn"],
  ["SUSE Linux Enterprise", "sles"],
  ["openSUSE", "opensuse"],
];

/** A release without os-release: RHEL 6 and its kind, SUSE 11, Debian 6. */
function readOlderSystem(files: HostFiles): OperatingSystem {
  const suse = files.findText("/etc/SuSE-release");
  const line =
    firstLine(files, "/etc/oracle-release") ??
    firstLine(files, "/etc/redhat-release") ??
    firstLine(files, "/etc/system-release");
  if (line === undefined && suse !== undefined) return readSuseRelease(suse);
  const [, name, version, codename] = /^(.+?) release (\S+)(?: \(([^()]*)\))?/.exec(line ?? "") ?? [];
  if (name !== undefined && version !== undefined)
    return {
      name,
      version: codename ? `${version} (${codename})` : version,
      id: olderId(name),
      versionId: version,
      pointRelease: version.includes(".") ? version : undefined,
      codename,
    };
  const alpine = firstLine(files, "/etc/alpine-release");
  if (alpine !== undefined) return versionOnly("Alpine Linux", "alpine", alpine);
  const debian = firstLine(files, "/etc/debian_version");
  return debian === undefined
    ? { name: "Linux", version: "" }
    : versionOnly("Debian GNU/Linux", "debian", debian);
}

/** `SUSE Linux Enterprise Server 11 (x86_64)`, then `VERSION = 11` and `PATCHLEVEL = 4`. */
function readSuseRelease(text: string): OperatingSystem {
  const name = (text.split("\n", 1)[0] ?? "").slice(0, MAX_LINE).split("(", 1)[0]?.trim() || "SUSE Linux";
  const version = /^VERSION = (\S{1,40})$/m.exec(text)?.[1] ?? "";
  const patch = /^PATCHLEVEL = (\d{1,4})$/m.exec(text)?.[1];
  const exact = patch && patch !== "0" ? `${version}.${patch}` : version;
  return { ...versionOnly(name, olderId(name) ?? "suse", exact) };
}

function versionOnly(name: string, id: string, version: string): OperatingSystem {
  const isNumber = /^\d/.test(version);
  return {
    name,
    id,
    version,
    versionId: isNumber ? version : undefined,
    pointRelease: isNumber && version.includes(".") ? version : undefined,
  };
}

function olderId(name: string): string | undefined {
  return OLDER_IDS.find(([start]) => name.startsWith(start))?.[1];
}

function firstLine(files: HostFiles, path: string): string | undefined {
  return files.findLine(path)?.slice(0, MAX_LINE);
}
