// Hosts with longer lists than a report has: the first items are reported, with the number of all, or a gap
// says what is missing. Each as a root folder for `collect`.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeBerkeleyDb, makeNdb, makeRpmPackage, writeSqlite } from "../../harness/rpm-databases.ts";
import { type HostileRoot, repeated } from "./hostile-roots.ts";
import { writeHostFile } from "./small-host.ts";

const PACKAGES = 60_000;
const ACCOUNTS = 70_000;
/** Packages of the small host that each of these begins with. */
const OTHERS = 5;

const hex = (value: number, length: number) => value.toString(16).padStart(length, "0");

/** `make` gets the number, and is called for each. */
const each = (count: number, make: (nth: number) => void) => {
  for (let nth = 0; nth < count; nth += 1) make(nth);
};

function makePacman(root: string): void {
  each(PACKAGES, (nth) =>
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
  Array.from({ length: PACKAGES }, (_, nth) =>
    makeRpmPackage(`p${nth}`, {
      version: `1.${nth}`,
      release: "1.el9",
      architecture: "x86_64",
      sourceRpm: `s${nth % 9_000}-1.${nth}-1.el9.src.rpm`,
      vendor: `Team ${nth % 500}`,
      size: nth,
    }),
  );

const shadowHash = (nth: number) => `$y$j9T$${hex(nth, 22)}$${hex(nth * 7_919, 43)}`;

function makeAccounts(root: string): void {
  const ids = (nth: number) => 1_000 + nth;
  const passwd = (nth: number) => `u${nth}:x:${ids(nth)}:${ids(nth)}:User ${nth}:/home/u${nth}:/bin/bash`;
  writeHostFile(root, "etc/passwd", `${repeated(ACCOUNTS, passwd)}\n`);
  const shadow = (nth: number) => `u${nth}:${shadowHash(nth)}:${19_000 + (nth % 700)}:0:99999:7:::`;
  writeHostFile(root, "etc/shadow", `${repeated(ACCOUNTS, shadow)}\n`);
  const group = (nth: number) => `g${nth}:x:${ids(nth)}:u${(nth + 1) % ACCOUNTS}`;
  writeHostFile(root, "etc/group", `${repeated(ACCOUNTS, group)}\n`);
}

function makeContainers(root: string): void {
  each(PACKAGES, (nth) => {
    const folder = `var/lib/docker/containers/${hex(nth, 64)}`;
    const config = {
      ID: hex(nth, 64),
      Name: `/c${nth}`,
      Config: { Image: "nginx" },
      State: { Running: true },
    };
    writeHostFile(root, `${folder}/config.v2.json`, JSON.stringify(config));
    writeHostFile(root, `${folder}/hostconfig.json`, '{"Privileged":false,"NetworkMode":"bridge"}');
  });
}

export const LONG_LIST_ROOTS: HostileRoot[] = [
  {
    name: "70,000 accounts and as many groups",
    make: makeAccounts,
    counts: { users: 2 * ACCOUNTS },
  },
  {
    name: "100,000 groups, and one with a megabyte of members",
    make(root) {
      writeHostFile(
        root,
        "etc/passwd",
        `${repeated(50_000, (nth) => `u${nth}:x:${nth}:${nth}::/:/bin/sh`)}\n`,
      );
      const members = repeated(150_000, (nth) => `u${nth}`).replaceAll("\n", ",");
      const groups = repeated(100_000, (nth) => `g${nth}:x:${nth}:u${nth % 50_000}`);
      writeHostFile(root, "etc/group", `${groups}\nall:x:200000:${members}\n`);
      writeHostFile(root, "etc/sudoers", "%all ALL = (ALL) ALL\n");
    },
    counts: { users: 150_001 },
  },
  {
    name: "60,000 accounts with keys",
    make(root) {
      const key = (nth: number) =>
        `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${Buffer.from(hex(nth, 31)).toString("base64").slice(0, 43)} u${nth}\n`;
      const passwd = (nth: number) => `u${nth}:x:${nth}:100::/home/u${nth}:/bin/sh`;
      writeHostFile(root, "etc/passwd", `${repeated(PACKAGES, passwd)}\n`);
      each(PACKAGES, (nth) => writeHostFile(root, `home/u${nth}/.ssh/authorized_keys`, key(nth)));
      writeHostFile(root, "root/.ssh/authorized_keys", repeated(PACKAGES, key).replaceAll("\n\n", "\n"));
    },
  },
  {
    name: "60,000 packages of apk",
    make: (root) => writeHostFile(root, "lib/apk/db/installed", `${repeated(PACKAGES, apkEntry)}\n`),
    counts: { packages: PACKAGES + OTHERS - 1 },
  },
  {
    name: "60,000 packages of pacman",
    make: makePacman,
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of dpkg",
    make: (root) => writeHostFile(root, "var/lib/dpkg/status", `${repeated(PACKAGES, dpkgStanza)}\n`),
    counts: { packages: PACKAGES + OTHERS - 1 },
  },
  {
    name: "60,000 packages of rpm in SQLite",
    make: (root) => writeSqlite(join(root, "var/lib/rpm/rpmdb.sqlite"), rpmBlobs()).close(),
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of rpm in ndb",
    make: (root) => writeHostFile(root, "usr/lib/sysimage/rpm/Packages.db", makeNdb(rpmBlobs())),
    // Each package has a page, so that the file is larger than what is read of all files.
    gaps: { packages: "/usr/lib/sysimage/rpm/Packages.db" },
  },
  {
    name: "60,000 packages of rpm in Berkeley DB",
    make: (root) => writeHostFile(root, "var/lib/rpm/Packages", makeBerkeleyDb(rpmBlobs())),
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of opkg",
    make: (root) => writeHostFile(root, "usr/lib/opkg/status", `${repeated(PACKAGES, dpkgStanza)}\n`),
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of XBPS",
    make(root) {
      const entry = (nth: number) =>
        `<key>p${nth}</key><dict><key>pkgver</key><string>p${nth}-1.${nth}_1</string><key>architecture</key><string>x86_64</string><key>state</key><string>installed</string><key>maintainer</key><string>Team ${nth % 500}</string><key>installed_size</key><integer>${nth}</integer></dict>`;
      writeHostFile(
        root,
        "var/db/xbps/pkgdb-0.38.plist",
        `<plist><dict>${repeated(PACKAGES, entry)}</dict></plist>`,
      );
    },
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of Portage and Nix",
    make(root) {
      each(PACKAGES, (nth) => {
        mkdirSync(join(root, `var/db/pkg/c${nth % 300}/p${nth}-1.${nth}`), { recursive: true });
        mkdirSync(join(root, `nix/store/${hex(nth, 32)}-p${nth}-1.${nth}`), { recursive: true });
      });
    },
    counts: { packages: 2 * PACKAGES + OTHERS },
  },
  {
    name: "60,000 snaps and Flatpaks",
    make(root) {
      each(PACKAGES, (nth) => {
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
    counts: { packages: PACKAGES + 20_000 + OTHERS },
  },
  {
    name: "60,000 formulas of Homebrew",
    make: (root) =>
      each(PACKAGES, (nth) =>
        mkdirSync(join(root, `home/linuxbrew/.linuxbrew/Cellar/f${nth}/1.${nth}`), { recursive: true }),
      ),
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of Python",
    make: (root) =>
      each(PACKAGES, (nth) =>
        writeHostFile(
          root,
          `usr/lib/python3/dist-packages/p${nth}-1.${nth}.dist-info/METADATA`,
          `Metadata-Version: 2.1\nName: p${nth}\nVersion: 1.${nth}\n`,
        ),
      ),
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 packages of npm",
    make: (root) =>
      each(PACKAGES, (nth) =>
        writeHostFile(
          root,
          `usr/lib/node_modules/p${nth}/package.json`,
          `{"name":"p${nth}","version":"1.${nth}.0"}`,
        ),
      ),
    counts: { packages: PACKAGES + OTHERS },
  },
  {
    name: "60,000 gems, crates and jars",
    make(root) {
      each(PACKAGES, (nth) =>
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
    counts: { packages: PACKAGES + 10_000 + OTHERS },
  },
  {
    name: "600,000 sockets",
    make(root) {
      const rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0";
      const socket = (nth: number) =>
        ` ${nth}: ${hex(nth, 8).toUpperCase()}:${hex(1 + (nth % 65_535), 4).toUpperCase()} ${rest} ${nth} 1`;
      writeHostFile(root, "proc/net/tcp", `  sl  local_address\n${repeated(600_000, socket)}\n`);
    },
    counts: { ports: 600_000 },
  },
  {
    name: "60,000 units of systemd and as many timers",
    make: (root) =>
      each(PACKAGES, (nth) => {
        const folder = "usr/lib/systemd/system";
        const service = `[Unit]\nDescription=U ${nth}\n[Service]\nExecStart=/usr/bin/u${nth} --all\n`;
        writeHostFile(root, `${folder}/u${nth}.service`, service);
        writeHostFile(
          root,
          `${folder}/u${nth}.timer`,
          "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n",
        );
      }),
    counts: { services: PACKAGES + 1, jobs: PACKAGES + 2 },
  },
  {
    name: "60,000 jobs of cron, and as many files of jobs",
    make(root) {
      const line = (nth: number) => `${nth % 60} * * * * root /bin/c${nth}`;
      writeHostFile(root, "etc/cron.d/long", `${repeated(30_000, line)}\n`);
      each(PACKAGES, (nth) => writeHostFile(root, `etc/cron.d/f${nth}`, `* * * * * root /bin/d${nth}\n`));
    },
    counts: { jobs: PACKAGES + 30_000 + 2 },
  },
  {
    name: "60,000 certificates, and configurations that name as many",
    make(root) {
      const text = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
      each(PACKAGES, (nth) => writeHostFile(root, `etc/ssl/own/c${nth}.pem`, text));
      writeHostFile(
        root,
        "etc/nginx/nginx.conf",
        repeated(PACKAGES, (nth) => `ssl_certificate /etc/tls/c${nth}.pem;`).slice(0, 1024 * 1024),
      );
    },
  },
  { name: "60,000 containers of Docker", make: makeContainers, gaps: { containers: "containers of Docker" } },
  {
    name: "60,000 mounts, modules, routes and network interfaces",
    make(root) {
      const mount = (nth: number) =>
        `${nth + 30} 22 8:${nth} / /mnt/m${nth} rw,relatime - ext4 /dev/sd${nth} rw`;
      writeHostFile(
        root,
        "proc/self/mountinfo",
        `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${repeated(PACKAGES, mount)}\n`,
      );
      writeHostFile(root, "proc/modules", `${repeated(PACKAGES, (nth) => `m${nth} 16384 0 - Live 0x0`)}\n`);
      const route = (nth: number) =>
        `eth0\t${hex(nth, 6).toUpperCase()}0A\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0`;
      writeHostFile(root, "proc/net/route", `Iface\tDestination\n${repeated(PACKAGES, route)}\n`);
      each(PACKAGES, (nth) => {
        writeHostFile(root, `sys/class/net/e${nth}/flags`, "0x1003\n");
        writeHostFile(
          root,
          `sys/class/net/e${nth}/address`,
          `02:00:00:${hex(nth, 6).replace(/..(?=.)/g, "$&:")}\n`,
        );
      });
    },
    gaps: { system: "mounts", network: "interfaces" },
  },
  {
    name: "60,000 devices",
    make: (root) =>
      each(PACKAGES, (nth) => {
        const pci = `sys/bus/pci/devices/${hex(nth, 4)}:00:00.0`;
        writeHostFile(root, `${pci}/class`, "0x020000\n");
        writeHostFile(root, `${pci}/vendor`, "0x8086\n");
        writeHostFile(root, `${pci}/device`, "0x1000\n");
        writeHostFile(root, `sys/bus/usb/devices/1-${nth}/idVendor`, "1d6b\n");
        writeHostFile(root, `sys/bus/usb/devices/1-${nth}/bDeviceClass`, "09\n");
        writeHostFile(root, `sys/class/block/sd${nth}/size`, "1000\n");
        mkdirSync(join(root, `sys/class/block/sd${nth}/device`), { recursive: true });
      }),
    gaps: { hardware: "PCI devices" },
  },
  {
    name: "60,000 files of settings",
    make(root) {
      for (const [folder, ending, content] of [
        ["etc/sysctl.d", ".conf", "kernel.randomize_va_space = 2\n"],
        ["etc/modprobe.d", ".conf", "install x /bin/true\n"],
        ["etc/security/pwquality.conf.d", ".conf", "minlen = 8\n"],
        ["etc/audit/rules.d", ".rules", "-w /etc/passwd\n"],
        ["etc/apt/apt.conf.d", "", 'APT::Periodic::Enable "1";\n'],
        ["etc/sudoers.d", "", "ada ALL = ALL\n"],
        ["etc/ssh/sshd_config.d", ".conf", "AllowUsers ada\n"],
      ] as const)
        each(PACKAGES / 2, (nth) => writeHostFile(root, `${folder}/f${nth}${ending}`, content));
    },
  },
  {
    name: "60,000 processes",
    make: (root) =>
      each(PACKAGES, (nth) => {
        const folder = join(root, `proc/${nth + 2}`);
        mkdirSync(`${folder}/fd`, { recursive: true });
        symlinkSync(`/usr/bin/p${nth}`, `${folder}/exe`);
        symlinkSync(`socket:[${nth}]`, `${folder}/fd/3`);
      }),
  },
];
