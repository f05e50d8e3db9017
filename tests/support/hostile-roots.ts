// Hosts whose files are made to hang, slow down or fill a collector: each as a root folder for `collect`.
import { Database } from "bun:sqlite";
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { SMALL_HOST, writeHostFile } from "./small-host.ts";

export interface HostileRoot {
  name: string;
  make(root: string): void;
  /** Made at little cost: the others have up to 400,000 files. */
  hasFewFiles?: true;
  /** Categories that this does not concern: it must not cost them. */
  unharmed?: string[];
  /** How many items these categories have. */
  counts?: Record<string, number>;
  /** What these categories report as cut off. */
  gaps?: Record<string, string>;
}

/** A small host and the databases of rpm, which are empty. */
const FILES: Record<string, string> = {
  ...SMALL_HOST,
  "var/lib/rpm/Packages": "",
  "var/lib/rpm/rpmdb.sqlite": "",
  "usr/lib/sysimage/rpm/Packages.db": "",
};

export function makeHost(root: string): void {
  for (const [path, content] of Object.entries(FILES)) writeHostFile(root, path, content);
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
      for (const path of Object.keys(FILES)) {
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
        writeHostFile(
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
      writeHostFile(root, "etc/sudoers", `${aliases}\n${commands}\n${rule}`);
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
      for (const [path, content] of Object.entries(files)) writeHostFile(root, path, content);
    },
  },
  {
    name: "20,000 rules of sudo for 3,000 users",
    make(root) {
      writeHostFile(
        root,
        "etc/passwd",
        repeated(3_000, (nth) => `u${nth}:x:${nth}:${nth}::/home/u${nth}:/bin/sh`),
      );
      writeHostFile(
        root,
        "etc/group",
        repeated(3_000, (nth) => `g${nth}:x:${nth}:u${nth}`),
      );
      writeHostFile(
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
    name: "many files",
    make(root) {
      for (const [folder, ending, content] of [
        ["etc/sudoers.d", "", "ada ALL = ALL\n"],
        ["etc/ssh/sshd_config.d", ".conf", "AllowUsers ada\n"],
        ["usr/lib/systemd/system", ".service", "[Service]\nExecStart=/a\n"],
        ["etc/ssl/certs", ".pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
        ["etc/cron.d", "", "* * * * * root /bin/true\n"],
      ] as const)
        for (let nth = 0; nth < 5_000; nth++) writeHostFile(root, `${folder}/f${nth}${ending}`, content);
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
        writeHostFile(root, path, deep);
      writeHostFile(root, "etc/sudoers", `ada ALL = ${"(".repeat(300_000)}\n`);
      writeHostFile(root, "etc/ssh/sshd_config", "Match all\n".repeat(80_000));
    },
  },
];

/** `isRoot`: as root, also devices. */
export function hostileRoots(isRoot: boolean): HostileRoot[] {
  return [...KNOWN, ...everywhere(isRoot)];
}
