// Boot, access control, audit, time, set-uid files, and the rules of firewalls.
import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { readAccessControlSettings } from "./access-control.ts";
import { countRules, readAuditSettings } from "./audit.ts";
import { readBootSettings } from "./boot.ts";
import { readCryptoPolicy } from "./crypto-policy.ts";
import { readFirewallRules } from "./firewall-rules/firewall-rules.ts";
import { describeZone } from "./firewall-rules/firewalld-zones.ts";
import { countIptablesRules } from "./firewall-rules/iptables-save.ts";
import { countNftRules } from "./firewall-rules/nftables.ts";
import { readSetUidFiles } from "./set-uid-files.ts";
import type { SecuritySetting } from "./setting.ts";
import { readTimeSettings } from "./time-sync.ts";

const shown = (settings: SecuritySetting[]) =>
  Object.fromEntries(settings.map(({ name, value }) => [name, value]));
const rootOf = (...lines: string[]) => makeRoot(`${lines.join("\n")}\n`);

test("an empty root has no settings", () => {
  using host = makeRoot("-- /etc/\n");
  const files = openHostFiles(host.root);
  const readers = [
    ...[readAccessControlSettings, readAuditSettings, readBootSettings, readCryptoPolicy, readFirewallRules],
    ...[readSetUidFiles, readTimeSettings],
  ];
  expect(readers.flatMap((read) => read(files))).toEqual([]);
});

test("reports access control with the profiles of AppArmor by mode", () => {
  using host = rootOf(
    ...["-- /sys/kernel/security/lsm", "lockdown,capability,apparmor"],
    ...["-- /sys/module/apparmor/parameters/enabled", "Y"],
    ...[
      "-- /sys/kernel/security/apparmor/profiles",
      "/usr/sbin/cupsd (enforce)",
      "a (b) (enforce)",
      "x (complain)",
    ],
    ...[
      "-- /sys/fs/selinux/enforce",
      "0",
      "-- /etc/selinux/config",
      "SELINUX=enforcing",
      "SELINUXTYPE=targeted",
    ],
  );
  expect(shown(readAccessControlSettings(openHostFiles(host.root)))).toEqual({
    "security modules": "lockdown,capability,apparmor",
    SELinux: "permissive",
    "SELinux configured": "enforcing",
    "SELinux policy": "targeted",
    AppArmor: "enabled",
    "AppArmor profiles: enforce": "2",
    "AppArmor profiles: complain": "1",
  });
});

test("reports lockdown, TPM, FIPS mode and the crypto policy", () => {
  using host = rootOf(
    ...["-- /sys/kernel/security/lockdown", "none [integrity] confidentiality"],
    ...["-- /sys/class/tpm/tpm0/tpm_version_major", "2"],
    ...["-- /proc/sys/crypto/fips_enabled", "1", "-- /etc/crypto-policies/config", "FIPS:OSPP"],
  );
  const files = openHostFiles(host.root);
  expect(shown([...readBootSettings(files), ...readCryptoPolicy(files)])).toEqual({
    lockdown: "integrity",
    "TPM version": "2.0",
    "FIPS mode": "enabled",
    "crypto policy": "FIPS:OSPP",
  });
});

test("counts audit rules as auditctl reads them", () => {
  const text =
    "-w /gone -p wa\n-D\n-b 8192\n# -w /comment\n-a always,exit -S chmod\n -w /etc/passwd -p wa -k x\n-e 2\n";
  expect(countRules([text])).toEqual({ count: 2, isLocked: true });
  using host = rootOf(
    ...[
      "-- /usr/sbin/auditd",
      "",
      "-- /etc/audit/rules.d/a.rules",
      "-w /a",
      "-- /etc/audit/rules.d/b.rules",
      "-w /b",
    ],
    "-- /etc/systemd/system/multi-user.target.wants/auditd.service -> /usr/lib/systemd/system/auditd.service",
  );
  expect(shown(readAuditSettings(openHostFiles(host.root)))).toEqual({
    auditd: "enabled",
    "audit rules": "2",
  });
});

test("reports the servers of each program that synchronizes the clock, without keys", () => {
  using host = rootOf(
    ...[
      "-- /usr/sbin/chronyd",
      "",
      "-- /etc/chrony/chrony.conf",
      "pool 2.debian.pool.ntp.org iburst",
      "confdir conf.d",
    ],
    ...[
      "server 10.0.0.1 key 7",
      "password hunter2",
      "-- /etc/chrony/conf.d/own.conf",
      "server ntp.example.org",
    ],
    "-- /etc/runlevels/default/chronyd -> /etc/init.d/chronyd",
    ...["-- /etc/init.d/chronyd", "", "-- /lib/systemd/systemd-timesyncd", ""],
    ...["-- /lib/systemd/system/systemd-timesyncd.service", "[Service]"],
    ...["-- /etc/systemd/timesyncd.conf", "[Time]", "#NTP=", "FallbackNTP=x"],
    ...["-- /etc/systemd/timesyncd.conf.d/own.conf", "[Time]", "NTP=a.example b.example"],
    ...["-- /usr/sbin/ntpd", "", "-- /etc/ntp.conf", "server 127.127.1.0", "server ntp.example.net prefer"],
  );
  const settings = readTimeSettings(openHostFiles(host.root));
  expect(JSON.stringify(settings)).not.toContain("hunter2");
  expect(shown(settings)).toEqual({
    chrony: "enabled",
    "chrony servers": "2.debian.pool.ntp.org 10.0.0.1 ntp.example.org",
    "ntpd servers": "ntp.example.net",
    "systemd-timesyncd": "disabled",
    "systemd-timesyncd servers": "a.example b.example",
  });
});

test("lists set-uid and set-gid files with their owners, once", () => {
  using host = rootOf(
    ...["-- /bin -> usr/bin", "-- /usr/bin/su", "", "-- /usr/bin/ls", "", "-- /usr/bin/link -> su"],
    ...[
      "-- /usr/libexec/a/b/helper",
      "",
      "-- /etc/passwd",
      "root:x:0:0::/:/bin/sh",
      "-- /etc/group",
      "root:x:0:",
    ],
  );
  chmodSync(join(host.root, "usr/bin/su"), 0o4755);
  chmodSync(join(host.root, "usr/libexec/a/b/helper"), 0o2755);
  const owner = process.getuid?.() === 0 ? "root:root" : `${process.getuid?.()}:${process.getgid?.()}`;
  expect(shown(readSetUidFiles(openHostFiles(host.root)))).toEqual({
    "set-uid files": "1",
    "set-gid files": "1",
    "/usr/bin/su": `${owner} 4755`,
    "/usr/libexec/a/b/helper": `${owner} 2755`,
  });
});

const find = Bun.which("find");

test.skipIf(!find)("set-uid files of this host match find", () => {
  const command = [
    "find",
    "/usr/bin",
    "/usr/sbin",
    "/usr/libexec",
    "/usr/lib/openssh",
    "-perm",
    "/6000",
    "-type",
    "f",
  ];
  const expected = Bun.spawnSync(command).stdout.toString().split("\n").filter(Boolean);
  const found = readSetUidFiles(openHostFiles()).map(({ name }) => name);
  expect(found).toEqual(expect.arrayContaining(expected));
});

const IPTABLES = `# Generated by iptables-save
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -j MASQUERADE
COMMIT
*filter
:INPUT DROP [12:3456]
:ssh - [0:0]
[5:300] -A INPUT -p tcp --dport 22 -j ssh
-A INPUT -m comment --comment "-A INPUT" -j ACCEPT
COMMIT
`;

test("counts the rules of iptables by table and chain", () => {
  expect(countIptablesRules(IPTABLES)).toEqual([
    { chain: "nat POSTROUTING", policy: "ACCEPT", rules: 1 },
    { chain: "filter INPUT", policy: "DROP", rules: 2 },
    { chain: "filter ssh", policy: undefined, rules: 0 },
  ]);
});

const NFT = `#!/usr/sbin/nft -f
flush ruleset
define ports = { 22, 80 }
table inet filter {
	set blocked {
		type ipv4_addr; elements = { 10.0.0.1,
			10.0.0.2 }
	}
	chain input {
		type filter hook input priority filter; policy drop;
		ct state vmap { established : accept, invalid : drop }
		tcp dport { 22,
			80 } accept comment "a; { b"
		iif lo accept; ip saddr @blocked drop
		# icmp accept
	}
	chain forward { type filter hook forward priority 0; }
}
table ip6 nat { chain post { masquerade } }
add rule inet filter input tcp dport 443 accept
include "/etc/nftables.d/*.nft"
`;

test("counts the rules of nftables by table and chain", () => {
  expect(countNftRules(NFT)).toEqual({
    chains: [
      { chain: "inet filter input", policy: "drop", hook: "input", rules: 5 },
      { chain: "inet filter forward", policy: undefined, hook: "forward", rules: 0 },
      { chain: "ip6 nat post", policy: undefined, hook: undefined, rules: 1 },
    ],
    includes: ["/etc/nftables.d/*.nft"],
  });
});

test("rules that are cut at any byte, or nested without end, are counted without an error", () => {
  for (const text of [NFT, IPTABLES])
    for (let end = 0; end <= text.length; end += 1) {
      countNftRules(text.slice(0, end));
      countIptablesRules(text.slice(0, end));
    }
  for (const part of ["{", "table a {", "}", '"', "chain x {\n", "table ", "\\"])
    countNftRules(part.repeat(100_000));
});

const ZONE = `<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP"><short>Public</short>
  <!-- <service name="telnet"/> -->
  <service name="ssh"/><service name="dhcpv6-client"/>
  <port protocol="tcp" port="8080"/><source-port port="1" protocol="udp"/>
  <interface name="eth0"/><source address="10.0.0.0/8"/>
  <rule family="ipv4"><source address="1.2.3.4"/><service name="http"/><accept/></rule>
</zone>`;

test("describes what a zone of firewalld accepts", () => {
  expect(describeZone(ZONE)).toBe(
    "target DROP; services dhcpv6-client, ssh; ports 8080/tcp; interfaces eth0; sources 10.0.0.0/8; 1 rich rule",
  );
});

test("reports the rules of every firewall with their file", () => {
  using host = rootOf(
    ...["-- /etc/iptables/rules.v4", IPTABLES, "-- /etc/nftables.conf", NFT],
    ...["-- /etc/nftables.d/own.nft", "table inet filter { chain input { drop } }"],
    ...[
      "-- /etc/ufw/user.rules",
      "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in",
      "-A ufw-user-input -j X",
    ],
    ...["### tuple ### route:deny any any 10.0.0.1 any 0.0.0.0/0 in_eth0"],
    ...[
      "-- /etc/firewalld/firewalld.conf",
      "DefaultZone=public",
      "-- /usr/lib/firewalld/zones/public.xml",
      ZONE,
    ],
  );
  const settings = readFirewallRules(openHostFiles(host.root));
  expect(shown(settings)).toMatchObject({
    "iptables filter INPUT": "policy drop, 2 rules",
    "nftables inet filter input": "hook input, policy drop, 6 rules",
    "ufw rules": "allow 1, deny 1",
    "firewalld zone public": expect.stringContaining("services dhcpv6-client, ssh"),
  });
  expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length);
});
