import { expect, test } from "bun:test";
import { packageItem } from "@attacklens/protocol/inventory/packages.ts";
import { parseApkDatabase } from "./apk.ts";
import { dpkgItem, parseStanzas } from "./dpkg.ts";
import { formatPurl } from "./purl.ts";
import { parseSourceRpm } from "./rpm.ts";
import { parseRpmHeader, RPM_TAG } from "./rpm-header.ts";

const DEBIAN = { id: "debian", versionId: "12" };
const dpkgItems = (text: string) => parseStanzas(text).flatMap((stanza) => dpkgItem(stanza, DEBIAN) ?? []);

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
    source: "openssl",
    sourceVersion: "1.1.1n-0+deb11u3",
    purl: "pkg:deb/debian/libssl1.1@1:1.1.1n-0%2Bdeb11u3%2Bb1?arch=amd64&distro=debian-12",
    vendor: "Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>",
    sizeBytes: 4_194_304,
  });
});

test("omits packages that are removed or not completely installed", () => {
  const stanza = (status: string) => `Package: a\nStatus: ${status}\nArchitecture: all\nVersion: 1\n`;
  expect(dpkgItems(stanza("deinstall ok config-files"))).toEqual([]);
  expect(dpkgItems(stanza("install reinstreq half-installed"))).toEqual([]);
  expect(dpkgItems(stanza("install ok unpacked"))).toEqual([]);
  expect(dpkgItems(stanza("hold ok installed"))).toHaveLength(1);
  expect(dpkgItems(stanza("install ok triggers-awaited"))).toHaveLength(1);
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
  expect(parseApkDatabase(noise, DEBIAN)).toEqual([]);
  expect(dpkgItems(`${":".repeat(50_000)}\n\n\n${"\n".repeat(50_000)}`)).toEqual([]);
});

test("an apk package has its origin as source; the fields of its files do not replace its fields", () => {
  const [item] = parseApkDatabase(
    "P:libcrypto3\nV:3.3.2-r1\nA:x86_64\no:openssl\nI:100\nF:etc\na:0:0:755\nV:9\n",
    {
      id: "alpine",
      versionId: "3.20.3",
    },
  );
  expect(item).toMatchObject({ version: "3.3.2-r1", source: "openssl", sizeBytes: 100 });
  expect(item?.purl).toBe("pkg:apk/alpine/libcrypto3@3.3.2-r1?arch=x86_64&distro=alpine-3.20.3");
});

test("purls follow the specification: they keep colons, encode plus signs, and have rpm's epoch as a qualifier", () => {
  expect(formatPurl("deb", DEBIAN, "G++", "4:12.2.0-3", { arch: "amd64" })).toBe(
    "pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=debian-12",
  );
  expect(
    formatPurl("rpm", { id: "fedora", versionId: "41" }, "ImageMagick", "1-2^git", {
      arch: "x86_64",
      epoch: "1",
    }),
  ).toBe("pkg:rpm/fedora/ImageMagick@1-2%5Egit?arch=x86_64&distro=fedora-41&epoch=1");
  expect(formatPurl("deb", { id: "debian" }, "a b", "", {})).toBe("pkg:deb/debian/a%20b?distro=debian");
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

/** An rpm header with one entry at offset 0. */
function headerOf(tag: number, type: number, data: string, claimed = data.length): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(1, 0);
  header.writeUInt32BE(claimed, 4);
  header.writeUInt32BE(tag, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(1, 20);
  return Buffer.concat([header, Buffer.from(data)]);
}

test("reads the requested tags of an rpm header", () => {
  expect(parseRpmHeader(headerOf(RPM_TAG.name, 6, "bash\0")).get(RPM_TAG.name)).toBe("bash");
  expect(parseRpmHeader(headerOf(RPM_TAG.size, 4, "\0\0\u0001\0")).get(RPM_TAG.size)).toBe(256);
});

test("never reads past the end of an rpm header with wrong lengths", () => {
  expect(() => parseRpmHeader(new Uint8Array(3))).toThrow(RangeError);
  expect(() => parseRpmHeader(headerOf(RPM_TAG.name, 6, "bash\0", 1_000))).toThrow(RangeError);
  expect(() => parseRpmHeader(new Uint8Array(64).fill(255))).toThrow(RangeError);
  expect(parseRpmHeader(headerOf(RPM_TAG.name, 6, "no end")).size).toBe(0);
  expect(parseRpmHeader(headerOf(RPM_TAG.size, 4, "ab")).size).toBe(0);
});
