import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { readOperatingSystem } from "./point-release.ts";

const systemOf = (files: Record<string, string>) => {
  const text = Object.entries(files).map(([path, content]) => `-- ${path}\n${content}\n`);
  using host = makeRoot(text.join(""));
  return readOperatingSystem(openHostFiles(host.root));
};
const osRelease = (...lines: string[]) => ({ "/etc/os-release": lines.join("\n") });

test.each([
  [
    "Debian 12",
    ["ID=debian", "VERSION_ID=12", 'VERSION="12 (bookworm)"'],
    "/etc/debian_version",
    "12.11",
    "12.11 (bookworm)",
  ],
  ["an empty VERSION", ["ID=debian", "VERSION_ID=12", 'VERSION=""'], "/etc/debian_version", "12.11", "12.11"],
  [
    "CentOS 7",
    ["ID=centos", 'VERSION_ID="7"', 'VERSION="7 (Core)"'],
    "/etc/redhat-release",
    "CentOS Linux release 7.9.2009 (Core)",
    "7.9.2009 (Core)",
  ],
  [
    "Amazon Linux 2023",
    ["ID=amzn", "VERSION_ID=2023", "VERSION=2023"],
    "/etc/system-release",
    "Amazon Linux release 2023.6.20250115 (Amazon Linux)",
    "2023.6.20250115",
  ],
  [
    "Ubuntu",
    ["ID=ubuntu", "VERSION_ID=22.04", 'VERSION="22.04.4 LTS (Jammy Jellyfish)"'],
    "/etc/debian_version",
    "bookworm/sid",
    "22.04.4 LTS (Jammy Jellyfish)",
  ],
  ["Alpine", ["ID=alpine", "VERSION_ID=3.20.3"], "/etc/alpine-release", "3.20.3", "3.20.3"],
  [
    "Debian testing",
    ["ID=debian", "VERSION_CODENAME=forky"],
    "/etc/debian_version",
    "forky/sid",
    "forky/sid",
  ],
  ["Arch", ["ID=arch", "BUILD_ID=rolling"], "/etc/arch-release", "", "rolling"],
  ["SLES", ["ID=sles", "VERSION_ID=15.5", "VERSION=15-SP5"], "/etc/hostname", "x", "15-SP5"],
])("the version of %s", (_, lines, path, content, version) => {
  const system = systemOf({ ...osRelease("NAME=x", ...lines), [path]: content });
  expect(system.version).toBe(version);
});

test.each([
  ["the file of Debian", "12", "/etc/debian_version", "12.11", "12.11"],
  ["the file of a derivative's origin", "5", "/etc/debian_version", "12.11", undefined],
  ["a version that only begins with the same digit", "1", "/etc/debian_version", "12.11", undefined],
  ["a version that is exact", "9.4", "/etc/redhat-release", "Rocky Linux release 9.4 (Blue Onyx)", "9.4"],
  ["a release without point releases", "41", "/etc/fedora-release", "Fedora release 41", undefined],
])("the point release from %s", (_, versionId, path, content, pointRelease) => {
  const system = systemOf({ ...osRelease("ID=x", `VERSION_ID=${versionId}`), [path]: content });
  expect(system.pointRelease).toBe(pointRelease);
});

test("identifies old releases without os-release", () => {
  expect(systemOf({ "/etc/redhat-release": "CentOS release 6.10 (Final)" })).toMatchObject({
    id: "centos",
    name: "CentOS",
    version: "6.10 (Final)",
    pointRelease: "6.10",
  });
  expect(
    systemOf({
      "/etc/SuSE-release": "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4",
    }),
  ).toMatchObject({ id: "sles", versionId: "11.4" });
  expect(systemOf({ "/etc/debian_version": "6.0.10" })).toMatchObject({
    id: "debian",
    pointRelease: "6.0.10",
  });
  expect(systemOf({ "/etc/hostname": "x" })).toEqual({ name: "Linux", version: "" });
});

test("an empty os-release in /etc does not hide the one in /usr/lib", () => {
  const system = systemOf({ "/etc/os-release": "", "/usr/lib/os-release": "ID=alpine\nVERSION_ID=3.20.3" });
  expect(system).toMatchObject({ id: "alpine", pointRelease: "3.20.3" });
});
