// Which firewalls are installed and enabled, from their files and the kernel. Does not read the rules.
import type { HostFiles } from "../host-files.ts";
import { parseAssignments } from "../system/os-release.ts";
import { findServiceStart } from "./service-start.ts";
import { type SecuritySetting, setting } from "./setting.ts";

export function readFirewallSettings(files: HostFiles): SecuritySetting[] {
  return [...ufw(files), ...firewalld(files), ...rulesets(files), ...kernelTables(files), ...nftables(files)];
}

function ufw(files: HostFiles): SecuritySetting[] {
  const path = "/etc/ufw/ufw.conf";
  const enabled = parseAssignments(files.findText(path) ?? "").get("ENABLED");
  if (enabled === undefined) return [];
  const policies = parseAssignments(files.findText("/etc/default/ufw") ?? "");
  return [
    setting("firewall", "ufw", yesNo(enabled.toLowerCase() === "yes"), path),
    ...["DEFAULT_INPUT_POLICY", "DEFAULT_OUTPUT_POLICY", "DEFAULT_FORWARD_POLICY"].flatMap((name) => {
      const policy = policies.get(name);
      return policy === undefined ? [] : setting("firewall", `ufw ${name}`, policy, "/etc/default/ufw");
    }),
  ];
}

function firewalld(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/usr/sbin/firewalld")) return [];
  const path = "/etc/firewalld/firewalld.conf";
  const zone = parseAssignments(files.findText(path) ?? "").get("DefaultZone");
  return [
    ...started(files, "firewalld", "firewalld.service"),
    setting("firewall", "firewalld DefaultZone", zone ?? "public", zone ? path : "default of firewalld"),
  ];
}

/** Rulesets that a service loads at boot. */
const RULESETS = [
  { name: "nftables", program: "/usr/sbin/nft", rules: "/etc/nftables.conf" },
  { name: "nftables", program: "/usr/sbin/nft", rules: "/etc/sysconfig/nftables.conf" },
  { name: "nftables", program: "/usr/sbin/nft", rules: "/etc/nftables.nft" },
  { name: "iptables", program: "/usr/sbin/iptables", rules: "/etc/sysconfig/iptables" },
  { name: "iptables", program: "/usr/sbin/iptables", rules: "/etc/iptables/rules-save" },
  { name: "ip6tables", program: "/usr/sbin/ip6tables", rules: "/etc/sysconfig/ip6tables" },
  {
    name: "netfilter-persistent",
    program: "/usr/sbin/netfilter-persistent",
    rules: "/etc/iptables/rules.v4",
  },
];

function rulesets(files: HostFiles): SecuritySetting[] {
  return RULESETS.flatMap(({ name, program, rules }) =>
    files.exists(program) && files.exists(rules) ? started(files, name, `${name}.service`, rules) : [],
  );
}

/** Nothing if the host has no such service. */
function started(files: HostFiles, name: string, unit: string, source?: string): SecuritySetting[] {
  const start = findServiceStart(files, unit);
  return start ? [setting("firewall", name, yesNo(start.isEnabled), source ?? start.source)] : [];
}

/** The kernel's current tables of the older iptables. */
function kernelTables(files: HostFiles): SecuritySetting[] {
  return [
    { name: "iptables tables", path: "/proc/net/ip_tables_names" },
    { name: "ip6tables tables", path: "/proc/net/ip6_tables_names" },
  ].flatMap(({ name, path }) => {
    const text = files.findText(path);
    return text === undefined
      ? []
      : setting("firewall", name, text.split("\n").filter(Boolean).sort().join(" "), path);
  });
}

/** Loaded, or built in: then it has no folder unless it has parameters, and the installed kernel lists it. */
function nftables(files: HostFiles): SecuritySetting[] {
  const loaded = "/sys/module/nf_tables";
  const release = files.findLine("/proc/sys/kernel/osrelease");
  const modules = release && !release.includes("/") ? `/lib/modules/${release}` : undefined;
  const builtIn = modules && `${modules}/modules.builtin`;
  const value = (text: string, source: string) => [setting("firewall", "nf_tables module", text, source)];
  if (files.exists(loaded)) return value("yes", loaded);
  const list = builtIn && files.findText(builtIn);
  if (!builtIn || list === undefined) return [];
  if (/(?:^|\/)nf_tables\.ko$/m.test(list)) return value("yes", builtIn);
  // The module exists, but the kernel has not loaded it.
  return files.isRunning && files.exists("/sys/module") ? value("no", loaded) : [];
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
