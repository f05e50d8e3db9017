// Hosts whose files are made to hang, slow down or fill a collector: each as a root folder for `collect`.
import { Database } from "bun:sqlite";
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

export interface HostileRoot {
  name: string;
  make(root: string): void;
  /** Categories that this does not concern: it must not cost them. */
  unharmed?: string[];
  /** How many items these categories have. */
  counts?: Record<string, number>;
}

/** A small host, so that each category has something to collect. */
const HOST: Record<string, string> = {
  "etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
  "etc/hostname": "web-01\n",
  "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:Ada:/home/ada:/bin/bash\n",
  "etc/group": "root:x:0:\nsudo:x:27:ada\nada:x:1000:\n",
  "etc/shadow": "root:*:19000:0:99999:7:::\nada:!:19000:0:99999:7:::\n",
  "etc/sudoers": "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
  "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n",
  "etc/login.defs": "UMASK 077\nENCRYPT_METHOD SHA512\n",
  "etc/pam.d/common-password": "password required pam_unix.so yescrypt\n",
  "etc/crontab": "17 * * * * root /bin/true\n",
  "etc/resolv.conf": "nameserver 192.0.2.1\n",
  "etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
  "etc/apt/sources.list": "deb http://deb.debian.org/debian bookworm main\n",
  "etc/ssl/certs/a.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  "root/.ssh/authorized_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA root\n",
  "usr/sbin/sshd": "",
  "usr/bin/sudo": "",
  "usr/lib/systemd/systemd": "",
  "usr/lib/systemd/system/a.service": "[Service]\nExecStart=/usr/bin/a\n",
  "usr/lib/systemd/system/a.timer": "[Timer]\nOnCalendar=daily\n",
  "var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n",
  "var/lib/rpm/Packages": "",
  "var/lib/rpm/rpmdb.sqlite": "",
  "usr/lib/sysimage/rpm/Packages.db": "",
  "lib/apk/db/installed": "P:b\nV:1\nA:x86_64\n\n",
  "var/lib/pacman/local/a-1/desc": "%NAME%\na\n\n%VERSION%\n1\n",
  "usr/lib/python3/dist-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
  "usr/lib/node_modules/a/package.json": '{"name":"a","version":"1.0.0"}',
  "var/lib/docker/containers/1/config.v2.json": '{"ID":"1","Name":"/a"}',
  "var/lib/docker/image/overlay2/repositories.json": "{}",
  "proc/cpuinfo": "processor\t: 0\nmodel name\t: A\n",
  "proc/meminfo": "MemTotal: 1024 kB\n",
  "proc/net/tcp": "  sl  local_address\n",
  "proc/self/mountinfo": "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
};

export function write(root: string, path: string, content: string | Uint8Array): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

export function makeHost(root: string): void {
  for (const [path, content] of Object.entries(HOST)) write(root, path, content);
}

const run = (...command: string[]) => {
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
};

/** What can be in place of a file. */
const INSTEAD: Record<string, (file: string) => void> = {
  "a FIFO": (file) => run("mkfifo", file),
  "a folder": (file) => mkdirSync(file),
  "a link to the same name": (file) => symlinkSync(file.split("/").at(-1)!, file),
  "a link to /dev/zero": (file) => symlinkSync("/dev/zero", file),
  "a link to the root folder": (file) => symlinkSync("/", file),
  "a huge sparse file": (file) => {
    const descriptor = openSync(file, "w");
    ftruncateSync(descriptor, 2 ** 40);
    closeSync(descriptor);
  },
  "a socket": (file) => {
    // Linux keeps the file after the socket is closed.
    if (file.length < 100) createServer().listen(file).unref();
    else run("mkfifo", file);
  },
};
/** Only root makes devices. */
const DEVICES: Record<string, (file: string) => void> = {
  "an endless device": (file) => run("mknod", file, "c", "1", "5"),
  "a terminal": (file) => run("mknod", file, "c", "5", "0"),
};

const everywhere = (isRoot: boolean): HostileRoot[] =>
  Object.entries(isRoot ? { ...INSTEAD, ...DEVICES } : INSTEAD).map(([name, make]) => ({
    name: `${name} in place of every file`,
    make(root) {
      for (const path of Object.keys(HOST)) {
        rmSync(join(root, path));
        make(join(root, path));
      }
    },
  }));

export const repeated = (count: number, line: (nth: number) => string) =>
  Array.from({ length: count }, (_, nth) => line(nth)).join("\n");
const MEGABYTE = "x".repeat(1024 * 1024);

const KNOWN: HostileRoot[] = [
  {
    name: "a FIFO as rpm's database",
    make(root) {
      for (const file of ["Packages", "rpmdb.sqlite", "Packages.db"]) {
        rmSync(join(root, "var/lib/rpm", file), { force: true });
        run("mkfifo", join(root, "var/lib/rpm", file));
      }
    },
    unharmed: ["services", "users", "security", "system"],
  },
  {
    name: "drop-ins of sshd that include their folder",
    make(root) {
      for (const name of ["a", "b", "c", "d", "e"])
        write(
          root,
          `etc/ssh/sshd_config.d/${name}.conf`,
          "Include /etc/ssh/sshd_config.d/*.conf\nInclude /etc/ssh/sshd_config\nPermitRootLogin yes\n",
        );
    },
    unharmed: ["packages", "services", "users", "system"],
  },
  {
    name: "aliases of sudoers that name each other, 30 levels deep",
    make(root) {
      const aliases = repeated(
        30,
        (nth) =>
          `User_Alias A${nth} = ${Array(4)
            .fill(`A${nth + 1}`)
            .join(", ")}`,
      );
      const commands = repeated(
        30,
        (nth) =>
          `Cmnd_Alias C${nth} = ${Array(4)
            .fill(`C${nth + 1}`)
            .join(", ")}`,
      );
      const rule = "User_Alias A30 = ada\nCmnd_Alias C30 = ALL\nA0 ALL = (ALL) C0\n";
      write(root, "etc/sudoers", `${aliases}\n${commands}\n${rule}`);
    },
    unharmed: ["packages", "services", "security", "system"],
  },
  {
    name: "lines of a megabyte",
    make(root) {
      const files = {
        "etc/passwd": `root:x:0:0:${MEGABYTE}:/root:/bin/sh\n`,
        "etc/group": `sudo:x:27:${repeated(50_000, (nth) => `u${nth}`).replaceAll("\n", ",")}\n`,
        "etc/sudoers": `root ALL = ${"\\\n".repeat(200_000)}ALL\nada ALL = ${MEGABYTE}\n`,
        "etc/ssh/sshd_config": `AllowUsers ${"a ".repeat(400_000)}\n${MEGABYTE}\n`,
        "etc/login.defs": `UMASK ${" ".repeat(900_000)}077\n`,
        "etc/pam.d/common-password": `password ${" ".repeat(900_000)}required pam_unix.so\n`,
        "etc/crontab": `17 ${"* ".repeat(400_000)}root x\n`,
        "etc/os-release": `NAME="${MEGABYTE}"\n`,
        "var/lib/dpkg/status": `Package: a\nStatus: install ok installed\nVersion: ${MEGABYTE}\nDepends: ${MEGABYTE}\n\n`,
        "usr/lib/systemd/system/a.service": `[Service]\nExecStart=${"/a ".repeat(300_000)}\n`,
        "etc/ssl/certs/a.pem": `-----BEGIN CERTIFICATE-----\n${MEGABYTE}`,
        "proc/cpuinfo": `model name\t: ${MEGABYTE}\n`,
        "root/.ssh/authorized_keys": `from="${MEGABYTE}" ssh-ed25519 AAAA\n`,
      };
      for (const [path, content] of Object.entries(files)) write(root, path, content);
    },
  },
  {
    name: "20,000 rules of sudo for 3,000 users",
    make(root) {
      write(
        root,
        "etc/passwd",
        repeated(3_000, (nth) => `u${nth}:x:${nth}:${nth}::/home/u${nth}:/bin/sh`),
      );
      write(
        root,
        "etc/group",
        repeated(3_000, (nth) => `g${nth}:x:${nth}:u${nth}`),
      );
      write(
        root,
        "etc/sudoers",
        repeated(20_000, (nth) => `u${nth % 3_000}, %g${(nth * 7) % 3_000}, !u${nth % 11} ALL = (ALL) ALL`),
      );
    },
    unharmed: ["packages", "services", "security", "system"],
  },
  {
    name: "a view without an end as rpm's table",
    make(root) {
      const file = join(root, "var/lib/rpm/rpmdb.sqlite");
      rmSync(file);
      using database = new Database(file);
      database.run(
        "create view Packages as with recursive n(hnum) as (select 1 union all select hnum + 1 from n) select hnum, zeroblob(1000) as blob from n",
      );
    },
    unharmed: ["services", "users", "security", "system"],
  },
  {
    name: "a record of 900 MB in rpm's database",
    make(root) {
      const file = join(root, "var/lib/rpm/rpmdb.sqlite");
      rmSync(file);
      using database = new Database(file);
      database.run("create table Packages (hnum integer primary key, blob blob not null)");
      database.run("insert into Packages values (1, zeroblob(900000000))");
    },
    unharmed: ["services", "users", "security", "system"],
  },
  {
    name: "long lists",
    make(root) {
      const user = (nth: number) => `u${nth}:x:${nth}:${nth % 500}:U:/home/u${nth}:/bin/sh`;
      write(root, "etc/passwd", repeated(70_000, user));
      write(
        root,
        "etc/shadow",
        repeated(70_000, (nth) => `u${nth}:!:19000:0:99999:7:::`),
      );
      const stanza = (nth: number) =>
        `Package: p${nth}\nStatus: install ok installed\nArchitecture: all\nVersion: ${nth}\nSource: s${nth}\n`;
      write(root, "var/lib/dpkg/status", repeated(60_000, stanza));
      write(
        root,
        "etc/crontab",
        repeated(20_000, (nth) => `${nth % 60} * * * * root /bin/c${nth}`),
      );
    },
    unharmed: ["services", "security", "system"],
  },
  {
    name: "many files",
    make(root) {
      for (const [folder, ending, content] of [
        ["etc/sudoers.d", "", "ada ALL = ALL\n"],
        ["etc/ssh/sshd_config.d", ".conf", "AllowUsers ada\n"],
        ["usr/lib/systemd/system", ".service", "[Service]\nExecStart=/a\n"],
        ["etc/ssl/certs", ".pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
        ["etc/cron.d", "", "* * * * * root /bin/true\n"],
      ] as const)
        for (let nth = 0; nth < 5_000; nth++) write(root, `${folder}/f${nth}${ending}`, content);
    },
  },
  {
    name: "links in a circle between folders",
    make(root) {
      for (const folder of [
        "etc/sudoers.d",
        "etc/ssh/sshd_config.d",
        "usr/lib/node_modules",
        "etc/ssl/certs",
      ]) {
        mkdirSync(join(root, folder), { recursive: true });
        for (const name of ["a", "b", "c"]) symlinkSync(`/${folder}`, join(root, folder, `${name}.conf`));
      }
      for (const name of ["etc/systemd/system", "var/lib/docker/containers/1/x"]) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        symlinkSync(`/${dirname(name)}`, join(root, name));
      }
    },
  },
  {
    name: "text that is nested deep",
    make(root) {
      const deep = '{"a":'.repeat(300_000);
      for (const path of [
        "usr/lib/node_modules/a/package.json",
        "var/lib/docker/containers/1/config.v2.json",
        "var/lib/docker/image/overlay2/repositories.json",
      ])
        write(root, path, deep);
      write(root, "etc/sudoers", `ada ALL = ${"(".repeat(300_000)}\n`);
      write(root, "etc/ssh/sshd_config", "Match all\n".repeat(80_000));
    },
  },
];

/** `isRoot`: as root, also devices. */
export function hostileRoots(isRoot: boolean): HostileRoot[] {
  return [...KNOWN, ...everywhere(isRoot)];
}
