// What a host has too many of: each list says how many there are, and that the rest is not reported.
import { expect, test } from "bun:test";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { collectCategory } from "./collect.ts";

const lines = (count: number, line: (nth: number) => string) =>
  Array.from({ length: count }, (_, nth) => line(nth)).join("\n");
const hex = (nth: number) => nth.toString(16).padStart(64, "0");
const PASSWD = "-- /etc/passwd\nroot:x:0:0::/root:/bin/sh\n";

const LISTS: [Category, string, number, string][] = [
  [
    "system",
    "kernel modules",
    5_001,
    `-- /proc/modules\n${lines(5_001, (nth) => `m${nth} 1 0 - Live 0x0`)}\n`,
  ],
  ["system", "kernels", 201, lines(201, (nth) => `-- /boot/vmlinuz-6.1.${nth}\n`)],
  ["system", "kernel parameters", 201, `-- /proc/cmdline\n${"quiet ".repeat(201)}\n`],
  ["hardware", "batteries", 21, lines(21, (nth) => `-- /sys/class/power_supply/BAT${nth}/type\nBattery\n`)],
  [
    "hardware",
    "processors",
    257,
    `-- /proc/cpuinfo\n${lines(257, (nth) => `processor\t: ${nth}\nphysical id\t: ${nth}\n`)}\n`,
  ],
  [
    "hardware",
    "RAID arrays",
    1_001,
    `-- /proc/mdstat\n${lines(1_001, (nth) => `md${nth} : active raid1 sda[0] sdb[1]`)}\n`,
  ],
  [
    "network",
    "DNS servers",
    101,
    `-- /etc/resolv.conf\n${lines(101, (nth) => `nameserver 192.0.2.${nth}`)}\n`,
  ],
  [
    "security",
    "/etc/crypttab",
    1_001,
    `-- /etc/crypttab\n${lines(1_001, (nth) => `c${nth} /dev/sd${nth} none luks`)}\n`,
  ],
  [
    "security",
    "/etc/ssh/sshd_config.d/*.conf",
    1_001,
    `-- /usr/sbin/sshd\n-- /etc/ssh/sshd_config\nInclude sshd_config.d/*.conf\n${lines(1_001, (nth) => `-- /etc/ssh/sshd_config.d/${nth}.conf\n`)}`,
  ],
  [
    "security",
    "chains in /etc/iptables/rules.v4",
    501,
    `-- /etc/iptables/rules.v4\n*filter\n${lines(501, (nth) => `:c${nth} - [0:0]`)}\nCOMMIT\n`,
  ],
  [
    "containers",
    "/var/lib/containers/storage/overlay-images/images.json",
    10_001,
    `-- /var/lib/containers/storage/overlay-images/images.json\n${JSON.stringify(Array.from({ length: 10_001 }, (_, nth) => ({ id: hex(nth) })))}`,
  ],
  [
    "users",
    "members of all",
    5_001,
    `${PASSWD}-- /etc/group\nall:x:1:${lines(5_001, (nth) => `u${nth}`).replaceAll("\n", ",")}\n`,
  ],
  [
    "users",
    "authorized keys of root",
    1_001,
    `${PASSWD}-- /root/.ssh/authorized_keys\n${lines(1_001, (nth) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${Buffer.from(hex(nth)).toString("base64").slice(0, 43)}`)}\n`,
  ],
];

test.each(LISTS)("%s: %s", async (category, subject, count, host) => {
  using machine = makeRoot(host);
  const result = await collectCategory(category, machine.root);
  const gaps = result.status === "collected" ? (result.gaps ?? []) : [];
  const reasons = gaps.flatMap((gap) => (gap.subject === subject ? gap.reason : []));
  expect(reasons).toEqual([expect.stringContaining(`${count}, and only `)]);
});
