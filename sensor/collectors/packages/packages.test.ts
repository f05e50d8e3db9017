import { expect, test } from "bun:test";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { packageItem } from "@attacklens/protocol/inventory/packages.ts";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseApkDatabase } from "./apk.ts";
import { dpkgItem } from "./dpkg.ts";
import { parseStanzas } from "./dpkg-stanzas.ts";
import { collectPackages } from "./packages.ts";
import { distributionOf, distributionPurl } from "./purl.ts";
import { parseSourceRpm } from "./rpm.ts";

const DEBIAN = distributionOf("debian", "12");

function dpkgItems(text: string): Item<"packages">[] {
  return [...parseStanzas(text)].flatMap((stanza) => dpkgItem(stanza, DEBIAN) ?? []);
}

function packagesOf(files: Record<string, string>) {
  const text = Object.entries(files).map(([path, content]) => `-- ${path}\n${content}\n`);
  using host = makeRoot(text.join(""));
  const hostFiles = openHostFiles(host.root);
  return { items: [...collectPackages(hostFiles)], gaps: hostFiles.listGaps() };
}

test("a Debian package has its source, its size in bytes and an encoded purl", () => {
  const [item] = dpkgItems(`Package: libssl1.1
Status: install ok installed
Installed-Size: 4096
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>
Architecture: amd64
Multi-Arch: same
Source: openssl (1.1.1n-0+deb11u3)
Version: 1:1.1.1n-0+deb11u3+b1
`);
  expect(item).toEqual({
    key: "dpkg:libssl1.1:amd64",
    manager: "dpkg",
    name: "libssl1.1",
    version: "1:1.1.1n-0+deb11u3+b1",
    architecture: "amd64",
    state: "installed",
    source: "openssl",
    sourceVersion: "1.1.1n-0+deb11u3",
    purl: "pkg:deb/debian/libssl1.1@1:1.1.1n-0%2Bdeb11u3%2Bb1?arch=amd64&distro=debian-12",
    vendor: "Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>",
    sizeBytes: 4_194_304,
  });
});

test.each([
  ["install ok installed", "installed"],
  ["hold ok installed", "installed"],
  ["deinstall ok installed", "installed"],
  ["install ok triggers-awaited", "triggers-awaited"],
  ["install ok triggers-pending", "triggers-pending"],
  ["install reinstreq half-installed", "half-installed"],
  ["install ok unpacked", "unpacked"],
  ["install ok half-configured", "half-configured"],
  ["Install OK Half-Configured", "half-configured"],
  ["deinstall ok config-files", undefined],
  ["unknown ok not-installed", undefined],
  ["install ok", undefined],
  ["", undefined],
])("a package with the status %p has the state %p", (status, state) => {
  const [item] = dpkgItems(`Package: a\nStatus: ${status}\nArchitecture: all\nVersion: 1\n`);
  expect<string | undefined>(item?.state).toBe(state);
});

test("a package that is on hold is held", () => {
  const [held, free] = dpkgItems(
    "Package: a\nStatus: hold ok installed\n\nPackage: b\nStatus: install ok installed\n",
  );
  expect([held?.held, free?.held]).toEqual([true, undefined]);
});

test.each([
  [undefined, "a", "1-2+b1"],
  ["s", "s", "1-2+b1"],
  ["s (1-2)", "s", "1-2"],
  ["s  (2:1~rc1-2)  ", "s", "2:1~rc1-2"],
  ["s(1)", "s", "1"],
  ["s (", "s", "1-2+b1"],
  ["(1)", "a", "1"],
])("the source %p is %s, version %s", (field, source, sourceVersion) => {
  const line = field === undefined ? "" : `Source: ${field}\n`;
  const [item] = dpkgItems(`Package: a\nStatus: install ok installed\n${line}Version: 1-2+b1\n`);
  expect(item).toMatchObject({ source, sourceVersion });
});

test("a status file with CRLF, long lines and fields in any case is read", () => {
  const items = dpkgItems(
    `PACKAGE: a\r\nstatus: install ok installed\r\nVersion: 1\r\nDepends: ${"x, ".repeat(400_000)}\r\n\r\n\r\nPackage: b\r\nStatus: install ok installed\r\n`,
  );
  expect(items.map(({ name, version }) => [name, version])).toEqual([
    ["a", "1"],
    ["b", ""],
  ]);
});

test("a source after the version, and a stanza without a size, are read", () => {
  const start = "Status: install ok installed\nMaintainer: x\nArchitecture: all\n";
  const items = dpkgItems(
    `Package: a\n${start}Installed-Size: 1\nVersion: 1\nDepends: x\nSource: s\n\nPackage: b\n${start}Version: 1\nInstalled-Size: 2\n\nPackage: c\n${start}Installed-Size: 3\nVersion: 1\n Package: x\n\nPackage: d\n${start}Installed-Size: 4\nSource: t\nVersion: 1\n`,
  );
  expect(items.map(({ name, source, sizeBytes }) => [name, source, sizeBytes])).toEqual([
    ["a", "s", 1024],
    ["b", "b", 2048],
    ["c", "c", 3072],
    ["d", "t", 4096],
  ]);
});

test("a damaged stanza costs one package and is a gap", () => {
  const { items, gaps } = packagesOf({
    "/var/lib/dpkg/status":
      "Package: a\nStatus: install ok installed\n\nStatus: install ok installed\nVersion: 1\n\n\0\0\0\n\nPackage: b\nStatus: install ok installed\n",
  });
  expect(items.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(gaps).toEqual([
    { kind: "damaged", subject: "/var/lib/dpkg/status", reason: "a stanza has no package", count: 2 },
  ]);
});

test("a status file that ends in the middle of a line is a gap", () => {
  const { items, gaps } = packagesOf({
    "/var/lib/dpkg/status.d/a": "Package: a\nVersion: 1",
    "/var/lib/dpkg/status": "Package: b\nStatus: install ok installed\nVersion: 1",
    "/etc/x": "",
  });
  // makeRoot ends the file with a newline.
  expect([items.length, gaps]).toEqual([2, []]);
});

test("the packages of a distroless image and unmerged updates of dpkg are read", () => {
  const { items } = packagesOf({
    "/var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.36\nArchitecture: amd64",
    "/var/lib/dpkg/status.d/libc6.md5sums": "Package: no\nVersion: 1",
    "/var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1",
    "/var/lib/dpkg/updates/0001": "Package: a\nStatus: install ok half-configured\nVersion: 2",
    "/var/lib/dpkg/updates/tmp.i": "Package: a\nStatus: install ok installed\nVersion: 3",
  });
  expect(items.map(({ name, version, state }) => [name, version, state])).toEqual([
    ["a", "2", "half-configured"],
    ["libc6", "2.36", "installed"],
  ]);
});

test("an unreadable database beside a readable one is a gap", () => {
  using host = makeRoot("-- /var/lib/dpkg/status/\n-- /lib/apk/db/installed\nP:a\nV:1\n\n");
  const files = openHostFiles(host.root);
  expect([...collectPackages(files)].map(({ name }) => name)).toEqual(["a"]);
  expect(files.listGaps()).toEqual([
    { kind: "unreadable", subject: "/var/lib/dpkg/status", reason: "it is a folder" },
  ]);
});

test("does not parse a continuation line as a field", () => {
  const [item] = dpkgItems(
    "Package: a\nStatus: install ok installed\nDescription: x\n Version: 9\nVersion: 1\n",
  );
  expect(item?.version).toBe("1");
});

test("cleans and shortens hostile names to fit the protocol", () => {
  const name = `evil\u001b[31m\u202e${"x".repeat(100_000)}`;
  const items = dpkgItems(
    `Package: ${name}\nStatus: install ok installed\nVersion: \u0000\u0007\nInstalled-Size: 99999999999999\n`,
  );
  expect(items).toHaveLength(1);
  for (const item of items) packageItem.parse(JSON.parse(JSON.stringify(item)));
});

test("returns no packages for text that is not a database", () => {
  const noise = Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 37) % 256)).toString("utf8");
  expect(dpkgItems(noise)).toEqual([]);
  expect([...parseApkDatabase(noise, DEBIAN)]).toEqual([]);
  expect(dpkgItems(`${":".repeat(50_000)}\n\n\n${"\n".repeat(50_000)}`)).toEqual([]);
});

test("a version in the world file of apk holds a package back; a tag does not", () => {
  const { items } = packagesOf({
    "/lib/apk/db/installed": "P:a\nV:1\n\nP:b\nV:1\n\nP:c\nV:1\n\nP:d\nV:1\n\nV:9\n",
    "/etc/apk/world": "a=1\nb@edge\nc~1\nd",
  });
  expect(items.map(({ name, held }) => [name, held])).toEqual([
    ["a", true],
    ["b", undefined],
    ["c", true],
    ["d", undefined],
  ]);
});

test("the database of apk at its new path is read if the old one is missing or empty", () => {
  const { items } = packagesOf({ "/lib/apk/db/installed": "", "/usr/lib/apk/db/installed": "P:a\nV:1\n" });
  expect(items).toMatchObject([{ name: "a", version: "1" }]);
});

test("an apk package has its origin as source; the fields of its files do not replace its fields", () => {
  const [item] = [
    ...parseApkDatabase(
      "P:libcrypto3\nV:3.3.2-r1\nA:x86_64\no:openssl\nI:100\nF:etc\na:0:0:755\nV:9\n",
      distributionOf("alpine", "3.20.3"),
    ),
  ];
  expect(item).toMatchObject({ version: "3.3.2-r1", source: "openssl", sizeBytes: 100 });
  expect(item?.purl).toBe("pkg:apk/alpine/libcrypto3@3.3.2-r1?arch=x86_64&distro=alpine-3.20.3");
});

test.each([
  [
    distributionPurl("deb", DEBIAN, { name: "G++", version: "4:12.2.0-3", arch: "amd64" }),
    "pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=debian-12",
  ],
  [
    distributionPurl("rpm", distributionOf("fedora", "41"), {
      name: "ImageMagick",
      version: "1-2^git",
      arch: "x86_64",
      epoch: "1",
    }),
    "pkg:rpm/fedora/ImageMagick@1-2%5Egit?arch=x86_64&distro=fedora-41&epoch=1",
  ],
  [
    distributionPurl("deb", distributionOf("debian"), { name: "a b", version: "" }),
    "pkg:deb/debian/a%20b?distro=debian",
  ],
  [
    distributionPurl("rpm", distributionOf("rhel", "9.4"), { name: "a", version: "1-1" }),
    "pkg:rpm/redhat/a@1-1?distro=rhel-9.4",
  ],
  [
    distributionPurl("rpm", distributionOf("opensuse-leap", "15.5"), { name: "a", version: "1-1" }),
    "pkg:rpm/opensuse/a@1-1?distro=opensuse-leap-15.5",
  ],
  [
    distributionPurl("rpm", distributionOf("sles", "15.5"), { name: "a", version: "1-1" }),
    "pkg:rpm/suse/a@1-1?distro=sles-15.5",
  ],
  [
    distributionPurl("alpm", distributionOf("arch"), { name: "Pacman", version: "1:6.0-1", arch: "any" }),
    "pkg:alpm/arch/pacman@1:6.0-1?arch=any&distro=arch",
  ],
  [
    distributionPurl("deb", DEBIAN, { name: "a\ud800é!", version: "1" }),
    "pkg:deb/debian/a%EF%BF%BD%C3%A9%21@1?distro=debian-12",
  ],
  [distributionPurl("deb", DEBIAN, { name: "ä".repeat(400), version: "1" }), undefined],
])("the purl %s follows the specification", (purl, expected) => {
  expect(purl).toBe(expected);
});

test("parses name and version of a source rpm", () => {
  expect(parseSourceRpm("openssl-3.0.7-27.el9.src.rpm")).toEqual({
    name: "openssl",
    version: "3.0.7-27.el9",
  });
  expect(parseSourceRpm("java-17-openjdk-17.0.9-1.nosrc.rpm")).toEqual({
    name: "java-17-openjdk",
    version: "17.0.9-1",
  });
  expect(parseSourceRpm("(none)")).toBeUndefined();
});
