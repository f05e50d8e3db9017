// Hosts with more packages than a report has, of each package manager. See long-lists.ts.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeBerkeleyDb, makeNdb, makeRpmPackage, writeSqlite } from "../../harness/rpm-databases.ts";
import { type HostileRoot, repeated } from "./hostile-roots.ts";
import { each, hex, MANY } from "./many.ts";
import { writeHostFile } from "./small-host.ts";

/** Packages of the small host that each of these begins with. */
const OTHERS = 5;

function makePacman(root: string): void {
  each(MANY, (nth) =>
    writeHostFile(
      root,
      `var/lib/pacman/local/p${nth}-1.${nth}-1/desc`,
      `%NAME%\np${nth}\n\n%VERSION%\n1.${nth}-1\n\n%BASE%\np${nth % 9_000}\n\n%DESC%\nThe package ${nth}\n\n%ARCH%\nx86_64\n\n%PACKAGER%\nTeam ${nth % 500} <team@example.org>\n\n%SIZE%\n${nth}\n`,
    ),
  );
}

const apkEntry = (nth: number) =>
  `C:Q1${hex(nth, 20)}=\nP:p${nth}\nV:1.${nth}-r0\nA:x86_64\nS:1234\nI:${nth}\nT:The package ${nth}\nU:https://example.org/p${nth}\nL:MIT\no:o${nth % 9_000}\nm:Team ${nth % 500} <team@example.org>\nt:1700000000\nc:${hex(nth, 40)}\nD:so:libc.musl-x86_64.so.1\nF:usr/bin\nR:p${nth}\na:0:0:755\nZ:Q1${hex(nth, 20)}=\n`;

const dpkgStanza = (nth: number) =>
  `Package: p${nth}\nStatus: install ok installed\nPriority: optional\nSection: libs\nInstalled-Size: ${nth}\nMaintainer: Team ${nth % 500} <team@example.org>\nArchitecture: amd64\nSource: s${nth % 9_000} (1.${nth})\nVersion: 1.${nth}-1\nDepends: libc6 (>= 2.36), p${nth + 1}\nDescription: The package ${nth}\n It has a longer description, too.\n`;

const rpmBlobs = () =>
  Array.from({ length: MANY }, (_, nth) =>
    makeRpmPackage(`p${nth}`, {
      version: `1.${nth}`,
      release: "1.el9",
      architecture: "x86_64",
      sourceRpm: `s${nth % 9_000}-1.${nth}-1.el9.src.rpm`,
      vendor: `Team ${nth % 500}`,
      size: nth,
    }),
  );

export const LONG_PACKAGE_ROOTS: HostileRoot[] = [
  {
    name: "60,000 packages of apk",
    hasFewFiles: true,
    make: (root) => writeHostFile(root, "lib/apk/db/installed", `${repeated(MANY, apkEntry)}\n`),
    counts: { packages: MANY + OTHERS - 1 },
  },
  {
    name: "60,000 packages of pacman",
    make: makePacman,
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of dpkg",
    hasFewFiles: true,
    make: (root) => writeHostFile(root, "var/lib/dpkg/status", `${repeated(MANY, dpkgStanza)}\n`),
    counts: { packages: MANY + OTHERS - 1 },
  },
  {
    name: "60,000 packages of rpm in SQLite",
    hasFewFiles: true,
    make: (root) => writeSqlite(join(root, "var/lib/rpm/rpmdb.sqlite"), rpmBlobs()).close(),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of rpm in ndb",
    hasFewFiles: true,
    make: (root) => writeHostFile(root, "usr/lib/sysimage/rpm/Packages.db", makeNdb(rpmBlobs())),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of rpm in Berkeley DB",
    hasFewFiles: true,
    make: (root) => writeHostFile(root, "var/lib/rpm/Packages", makeBerkeleyDb(rpmBlobs())),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of opkg",
    hasFewFiles: true,
    make: (root) => writeHostFile(root, "usr/lib/opkg/status", `${repeated(MANY, dpkgStanza)}\n`),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of XBPS",
    hasFewFiles: true,
    make(root) {
      const entry = (nth: number) =>
        `<key>p${nth}</key><dict><key>pkgver</key><string>p${nth}-1.${nth}_1</string><key>architecture</key><string>x86_64</string><key>state</key><string>installed</string><key>maintainer</key><string>Team ${nth % 500}</string><key>installed_size</key><integer>${nth}</integer></dict>`;
      writeHostFile(
        root,
        "var/db/xbps/pkgdb-0.38.plist",
        `<plist><dict>${repeated(MANY, entry)}</dict></plist>`,
      );
    },
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of Portage and Nix",
    make(root) {
      each(MANY, (nth) => {
        mkdirSync(join(root, `var/db/pkg/c${nth % 300}/p${nth}-1.${nth}`), { recursive: true });
        mkdirSync(join(root, `nix/store/${hex(nth, 32)}-p${nth}-1.${nth}`), { recursive: true });
      });
    },
    counts: { packages: 2 * MANY + OTHERS },
  },
  {
    name: "60,000 snaps and Flatpaks",
    make(root) {
      each(MANY, (nth) => {
        writeHostFile(
          root,
          `snap/s${nth}/1/meta/snap.yaml`,
          `name: s${nth}\nversion: '1.${nth}'\narchitectures: [amd64]\n`,
        );
        symlinkSync("1", join(root, `snap/s${nth}/current`));
      });
      each(20_000, (nth) =>
        writeHostFile(
          root,
          `var/lib/flatpak/app/org.example.A${nth}/x86_64/stable/active/metadata`,
          "[Application]\n",
        ),
      );
    },
    counts: { packages: MANY + 20_000 + OTHERS },
  },
  {
    name: "60,000 formulas of Homebrew",
    make: (root) =>
      each(MANY, (nth) =>
        mkdirSync(join(root, `home/linuxbrew/.linuxbrew/Cellar/f${nth}/1.${nth}`), { recursive: true }),
      ),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of Python",
    make: (root) =>
      each(MANY, (nth) =>
        writeHostFile(
          root,
          `usr/lib/python3/dist-packages/p${nth}-1.${nth}.dist-info/METADATA`,
          `Metadata-Version: 2.1\nName: p${nth}\nVersion: 1.${nth}\n`,
        ),
      ),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 packages of npm",
    make: (root) =>
      each(MANY, (nth) =>
        writeHostFile(
          root,
          `usr/lib/node_modules/p${nth}/package.json`,
          `{"name":"p${nth}","version":"1.${nth}.0"}`,
        ),
      ),
    counts: { packages: MANY + OTHERS },
  },
  {
    name: "60,000 gems, crates and jars",
    make(root) {
      each(MANY, (nth) =>
        writeHostFile(
          root,
          `usr/share/gems/specifications/g${nth}-1.${nth}.gemspec`,
          `# -*- encoding: utf-8 -*-\n# stub: g${nth} 1.${nth} ruby lib\n`,
        ),
      );
      const crate = (nth: number) => `"c${nth} 1.${nth}.0 (registry+https://example.org)":{}`;
      writeHostFile(
        root,
        "root/.cargo/.crates2.json",
        `{"installs":{${repeated(10_000, crate).replaceAll("\n", ",")}}}`,
      );
    },
    counts: { packages: MANY + 10_000 + OTHERS },
  },
];
