// Package managers whose databases are small: made in the layout of real ones.
import { expect, test } from "bun:test";
import { packageItem } from "@attacklens/protocol/inventory/packages.ts";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { findAppdataVersion } from "./flatpak.ts";
import { collectPackages } from "./packages.ts";

function collect(text: string) {
  using host = makeRoot(text);
  const files = openHostFiles(host.root);
  const items = [...collectPackages(files)];
  for (const item of items) packageItem.parse(JSON.parse(JSON.stringify(item)));
  return { items, gaps: files.listGaps() };
}

test("pacman: source, holds, groups and a folder without its file", () => {
  const desc = (name: string, more = "") =>
    `-- /var/lib/pacman/local/${name}-1:6.0.2-1/desc\n%NAME%\n${name}\n\n%VERSION%\n1:6.0.2-1\n\n%BASE%\npacman\n\n%ARCH%\nx86_64\n\n%PACKAGER%\nNil <nil@example.org>\n\n%SIZE%\n4096\n\n${more}\n`;
  const { items, gaps } = collect(
    [
      "-- /etc/os-release\nID=arch\nBUILD_ID=rolling\n",
      "-- /etc/pacman.conf\n[options]\n#IgnorePkg = zlib\nIgnorePkg   = linux nano # x\nIgnoreGroup = games\n",
      "-- /var/lib/pacman/local/ALPM_DB_VERSION\n9\n",
      desc("libalpm"),
      desc("linux"),
      desc("tetris", "%GROUPS%\nother\ngames\n"),
      "-- /var/lib/pacman/local/broken-1-1/\n",
    ].join(""),
  );
  expect(items[0]).toEqual({
    key: "pacman:libalpm:x86_64",
    manager: "pacman",
    name: "libalpm",
    version: "1:6.0.2-1",
    architecture: "x86_64",
    source: "pacman",
    sourceVersion: "1:6.0.2-1",
    purl: "pkg:alpm/arch/libalpm@1:6.0.2-1?arch=x86_64&distro=arch",
    vendor: "Nil <nil@example.org>",
    sizeBytes: 4096,
  });
  expect(items.map(({ name, held }) => [name, held])).toEqual([
    ["libalpm", undefined],
    ["linux", true],
    ["tetris", true],
  ]);
  expect(gaps).toMatchObject([{ kind: "damaged", subject: "/var/lib/pacman/local/broken-1-1/desc" }]);
});

test("opkg: the states and flags of its status file, which a link leads to", () => {
  const stanza = (name: string, status: string) =>
    `Package: ${name}\nVersion: 1.36.1-1\nStatus: ${status}\nArchitecture: mipsel_24kc\nInstalled-Time: 1728259200\n\n`;
  const { items } = collect(
    `-- /etc/os-release\nID="openwrt"\nVERSION_ID="23.05.5"\n-- /var/lib/opkg -> ../../usr/lib/opkg\n-- /usr/lib/opkg/status\n${stanza("busybox", "install user installed")}${stanza("luci", "install hold,user installed")}${stanza("broken", "install ok post-inst-failed")}${stanza("gone", "deinstall ok not-installed")}${stanza("unpacked", "install ok unpacked")}`,
  );
  expect(items.map(({ name, state, held }) => [name, state, held])).toEqual([
    ["busybox", "installed", undefined],
    ["luci", "installed", true],
    ["broken", "half-configured", undefined],
    ["unpacked", "unpacked", undefined],
  ]);
  expect(items[0]?.purl).toBe("pkg:opkg/openwrt/busybox@1.36.1-1?arch=mipsel_24kc&distro=openwrt-23.05.5");
});

test("snap: the version of the current revision, a disabled snap, and one that is not mounted", () => {
  const state = { data: { snaps: { lxd: { current: "24322" }, off: { current: "7", active: false } } } };
  const { items } = collect(
    [
      "-- /snap/README\nx\n",
      "-- /snap/bin/lxd\n",
      "-- /snap/lxd/current -> 24322\n",
      "-- /snap/lxd/24322/meta/snap.yaml\nname: lxd\nsummary: 'version: 9'\nversion: '5.0.3' # x\narchitectures:\n- amd64\n- arm64\nversions:\n- 1\n",
      "-- /snap/off/7/meta/snap.yaml\nname: off\nversion: 2.0-rc1\narchitectures: [all]\n",
      `-- /var/lib/snapd/state.json\n${JSON.stringify(state)}\n`,
      "-- /var/lib/snapd/snaps/lxd_24322.snap\n",
      "-- /var/lib/snapd/snaps/lxd_24061.snap\n",
      "-- /var/lib/snapd/snaps/dark_9.snap\n",
      "-- /var/lib/snapd/snaps/dark_10.snap\n",
    ].join(""),
  );
  expect(
    items.map(({ name, version, architecture, location, purl }) => [
      name,
      version,
      architecture,
      location,
      purl,
    ]),
  ).toEqual([
    ["lxd", "5.0.3", "amd64", "/snap/lxd/24322", "pkg:snap/lxd@5.0.3?arch=amd64&revision=24322"],
    ["off", "2.0-rc1", "all", "/snap/off/7", "pkg:snap/off@2.0-rc1?arch=all&revision=7"],
    ["dark", "", undefined, undefined, "pkg:snap/dark?revision=10"],
  ]);
});

test("snap: a state that is damaged or too large is a gap, and the mounted snaps are reported", () => {
  const mounted = "-- /snap/a/current -> 1\n-- /snap/a/1/meta/snap.yaml\nname: a\nversion: 1\n";
  const damaged = collect(`${mounted}-- /var/lib/snapd/state.json\n{"data":{"snaps":\n`);
  expect(damaged.items).toHaveLength(1);
  expect(damaged.gaps).toMatchObject([{ kind: "damaged", subject: "/var/lib/snapd/state.json" }]);
  const large = collect(`${mounted}-- /var/lib/snapd/state.json\n${" ".repeat(9_000_000)}\n`);
  expect(large.items).toHaveLength(1);
  expect(large.gaps).toMatchObject([{ kind: "limit", subject: "/var/lib/snapd/state.json" }]);
});

test("flatpak: applications and runtimes of each installation, with the version of their description", () => {
  const { items } = collect(
    [
      "-- /var/lib/flatpak/app/org.example.Editor/current -> x86_64/stable\n",
      "-- /var/lib/flatpak/app/org.example.Editor/x86_64/stable/active -> 0123\n",
      "-- /var/lib/flatpak/app/org.example.Editor/x86_64/stable/0123/metadata\n[Application]\nname=org.example.Editor\n",
      '-- /var/lib/flatpak/app/org.example.Editor/x86_64/stable/0123/files/share/metainfo/org.example.Editor.metainfo.xml\n<component><releases>\n<release date="2024-09-01" version="46.2">\n</release><release version="46.1"/></releases></component>\n',
      "-- /var/lib/flatpak/runtime/org.example.Platform/x86_64/46/active/metadata\n[Runtime]\n",
      "-- /var/lib/flatpak/runtime/org.example.Gone/x86_64/45/\n",
      '-- /etc/flatpak/installations.d/extra.conf\n[Installation "extra"]\nPath=/srv/flatpak\n',
      "-- /srv/flatpak/app/org.example.Game/x86_64/beta/active/metadata\n[Application]\n",
    ].join(""),
  );
  expect(items.map(({ key, version, purl }) => [key, version, purl])).toEqual([
    [
      "flatpak:org.example.Editor:x86_64:stable",
      "46.2",
      "pkg:flatpak/org.example.Editor@46.2?arch=x86_64&branch=stable",
    ],
    [
      "flatpak:org.example.Platform:x86_64:46",
      "46",
      "pkg:flatpak/org.example.Platform@46?arch=x86_64&branch=46",
    ],
    ["flatpak:org.example.Game:x86_64:beta", "", "pkg:flatpak/org.example.Game?arch=x86_64&branch=beta"],
  ]);
});

test("flatpak: finds the version in the deploy file, a GVariant", () => {
  const value = (text: string) => Buffer.from(`xxxxxxxxappdata-version\0${text}\0\0s`, "latin1");
  expect(findAppdataVersion(value("1.2.3"))).toBe("1.2.3");
  expect(findAppdataVersion(value(""))).toBeUndefined();
  expect(findAppdataVersion(value("1.2.3").subarray(0, 26))).toBeUndefined();
  expect(findAppdataVersion(Buffer.from("nothing"))).toBeUndefined();
});

test("Portage: versions with suffixes and revisions, and several slots of a package", () => {
  const { items } = collect(
    [
      "-- /var/db/pkg/dev-lang/python-3.12.3-r1/\n",
      "-- /var/db/pkg/dev-lang/python-3.11.9/\n",
      "-- /var/db/pkg/sys-libs/libxml2-2.0_rc1_p2/\n",
      "-- /var/db/pkg/media-fonts/font-adobe-100dpi-1.0.4/\n",
      "-- /var/db/pkg/sys-libs/-MERGING-zlib-1/\n",
    ].join(""),
  );
  expect(items.map(({ key, purl }) => [key, purl])).toEqual([
    ["portage:dev-lang/python:3.11.9", "pkg:ebuild/dev-lang/python@3.11.9"],
    ["portage:dev-lang/python:3.12.3-r1", "pkg:ebuild/dev-lang/python@3.12.3-r1"],
    ["portage:media-fonts/font-adobe-100dpi", "pkg:ebuild/media-fonts/font-adobe-100dpi@1.0.4"],
    ["portage:sys-libs/libxml2", "pkg:ebuild/sys-libs/libxml2@2.0_rc1_p2"],
  ]);
});

test("XBPS: packages of a property list, with nested lists", () => {
  const { items } = collect(`-- /var/db/xbps/pkgdb-0.38.plist
<?xml version="1.0"?>
<plist version="1.0">
<dict>
	<key>_XBPS_ALTERNATIVES_</key>
	<dict><key>sh</key><array><string>dash</string></array></dict>
	<key>bash</key>
	<dict>
		<key>architecture</key><string>x86_64</string>
		<key>conf_files</key><array><dict><key>state</key><string>x</string></dict></array>
		<key>hold</key><true/>
		<key>installed_size</key><integer>9000</integer>
		<key>maintainer</key><string>A &amp; B &lt;a@example.org&gt;</string>
		<key>pkgver</key><string>bash-completion-5.2_1</string>
		<key>state</key><string>installed</string>
	</dict>
	<key>gone</key><dict><key>pkgver</key><string>gone-1_1</string><key>state</key><string>not-installed</string></dict>
</dict>
</plist>
`);
  expect(items).toEqual([
    {
      key: "xbps:bash-completion:x86_64",
      manager: "xbps",
      name: "bash-completion",
      version: "5.2_1",
      architecture: "x86_64",
      state: "installed",
      held: true,
      vendor: "A & B <a@example.org>",
      sizeBytes: 9000,
    },
  ]);
});

test("Nix and Homebrew: packages from the names of their folders", () => {
  const hash = "0123456789abcdfghijklmnpqrsvwxyz";
  const { items } = collect(
    [
      `-- /nix/store/${hash}-openssl-3.0.13/\n-- /nix/store/${hash}-openssl-3.0.13-bin/\n-- /nix/store/${hash}-openssl-3.0.13-man/\n`,
      `-- /nix/store/${hash}-source/\n-- /nix/store/${hash}-hello-2.12.1.drv\n\n-- /nix/store/.links/\n`,
      "-- /home/linuxbrew/.linuxbrew/Cellar/postgresql@16/16.4_1/bin/\n-- /home/linuxbrew/.linuxbrew/Cellar/jq/1.7/\n-- /home/linuxbrew/.linuxbrew/Cellar/jq/1.8/\n",
      "-- /home/linuxbrew/.linuxbrew/var/homebrew/pinned/jq -> ../../../Cellar/jq/1.7\n",
    ].join(""),
  );
  expect(items.map(({ manager, name, version, held, purl }) => [manager, name, version, held, purl])).toEqual(
    [
      ["nix", "openssl", "3.0.13", undefined, "pkg:nix/openssl@3.0.13"],
      ["brew", "jq", "1.7", true, "pkg:brew/jq@1.7"],
      ["brew", "jq", "1.8", true, "pkg:brew/jq@1.8"],
      ["brew", "postgresql@16", "16.4_1", undefined, "pkg:brew/postgresql%4016@16.4_1"],
    ],
  );
});
