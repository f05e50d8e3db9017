// Hosts with longer lists than a report has: the first items are reported, with the number of all, or a gap
// says what is missing. Each as a root folder for `collect`.
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type HostileRoot, repeated } from "./hostile-roots.ts";
import { LONG_PACKAGE_ROOTS } from "./long-package-lists.ts";
import { LONG_SETTING_ROOTS } from "./long-setting-lists.ts";
import { each, hex, MANY } from "./many.ts";
import { writeHostFile } from "./small-host.ts";

const ACCOUNTS = 70_000;
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
  each(MANY, (nth) => {
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

const UNITS = "usr/lib/systemd/system";

function makeServices(root: string, count: number): void {
  const text = (nth: number) => `[Unit]\nDescription=U ${nth}\n[Service]\nExecStart=/usr/bin/u${nth} --all\n`;
  each(count, (nth) => writeHostFile(root, `${UNITS}/u${nth}.service`, text(nth)));
}

function makeTimers(root: string, count: number): void {
  const text = "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n";
  each(count, (nth) => writeHostFile(root, `${UNITS}/u${nth}.timer`, text));
}

export const LONG_LIST_ROOTS: HostileRoot[] = [
  {
    name: "70,000 accounts and as many groups",
    hasFewFiles: true,
    make: makeAccounts,
    counts: { users: 2 * ACCOUNTS },
  },
  {
    name: "100,000 groups, and one with a megabyte of members",
    hasFewFiles: true,
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
      writeHostFile(root, "etc/passwd", `${repeated(MANY, passwd)}\n`);
      each(MANY, (nth) => writeHostFile(root, `home/u${nth}/.ssh/authorized_keys`, key(nth)));
      writeHostFile(root, "root/.ssh/authorized_keys", repeated(MANY, key).replaceAll("\n\n", "\n"));
    },
  },
  ...LONG_PACKAGE_ROOTS,
  ...LONG_SETTING_ROOTS,
  {
    name: "600,000 sockets",
    hasFewFiles: true,
    make(root) {
      const rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0";
      const socket = (nth: number) =>
        ` ${nth}: ${hex(nth, 8).toUpperCase()}:${hex(1 + (nth % 65_535), 4).toUpperCase()} ${rest} ${nth} 1`;
      writeHostFile(root, "proc/net/tcp", `  sl  local_address\n${repeated(600_000, socket)}\n`);
    },
    counts: { ports: 600_000 },
  },
  {
    name: "60,000 services of systemd",
    make: (root) => makeServices(root, MANY),
    counts: { services: MANY + 1 },
  },
  { name: "60,000 timers of systemd", make: (root) => makeTimers(root, MANY), counts: { jobs: MANY + 2 } },
  {
    name: "25,000 services and as many timers of systemd",
    make(root) {
      makeServices(root, 25_000);
      makeTimers(root, 25_000);
    },
    counts: { services: 25_001, jobs: 25_002 },
  },
  {
    name: "60,000 jobs of cron, and as many files of jobs",
    make(root) {
      const line = (nth: number) => `${nth % 60} * * * * root /bin/c${nth}`;
      writeHostFile(root, "etc/cron.d/long", `${repeated(30_000, line)}\n`);
      each(MANY, (nth) => writeHostFile(root, `etc/cron.d/f${nth}`, `* * * * * root /bin/d${nth}\n`));
    },
    counts: { jobs: MANY + 30_000 + 2 },
  },
  {
    name: "60,000 certificates, and configurations that name as many",
    make(root) {
      const text = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
      each(MANY, (nth) => writeHostFile(root, `etc/ssl/own/c${nth}.pem`, text));
      writeHostFile(
        root,
        "etc/nginx/nginx.conf",
        repeated(MANY, (nth) => `ssl_certificate /etc/tls/c${nth}.pem;`).slice(0, 1024 * 1024),
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
        `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${repeated(MANY, mount)}\n`,
      );
      writeHostFile(root, "proc/modules", `${repeated(MANY, (nth) => `m${nth} 16384 0 - Live 0x0`)}\n`);
      const route = (nth: number) =>
        `eth0\t${hex(nth, 6).toUpperCase()}0A\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0`;
      writeHostFile(root, "proc/net/route", `Iface\tDestination\n${repeated(MANY, route)}\n`);
      each(MANY, (nth) => {
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
      each(MANY, (nth) => {
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
        each(MANY / 2, (nth) => writeHostFile(root, `${folder}/f${nth}${ending}`, content));
    },
  },
  {
    name: "60,000 processes",
    make: (root) =>
      each(MANY, (nth) => {
        const folder = join(root, `proc/${nth + 2}`);
        mkdirSync(`${folder}/fd`, { recursive: true });
        symlinkSync(`/usr/bin/p${nth}`, `${folder}/exe`);
        symlinkSync(`socket:[${nth}]`, `${folder}/fd/3`);
      }),
  },
];
