// Which firewalls are installed and enabled, from their files and the kernel. Does not read the rules.
import type { HostFiles } from "../host-files.ts";
import { parseAssignments } from "../system/os-release.ts";
import { isUnitWanted } from "./enabled-unit.ts";
import { type SecuritySetting, setting } from "./setting.ts";

export function readFirewallSettings(files: HostFiles): SecuritySetting[] {
  return [...ufw(files), ...firewalld(files), ...rulesets(files), ...kernelTables(files)];
}

function ufw(files: HostFiles): SecuritySetting[] {
  const path = "/etc/ufw/ufw.conf";
  const text = files.findText(path);
  if (text === undefined) return [];
  const policies = parseAssignments(files.findText("/etc/default/ufw") ?? "");
  return [
    setting("firewall", "ufw", yesNo(parseAssignments(text).get("ENABLED")?.toLowerCase() === "yes"), path),
    ...["DEFAULT_INPUT_POLICY", "DEFAULT_OUTPUT_POLICY", "DEFAULT_FORWARD_POLICY"].flatMap((name) => {
      const policy = policies.get(name);
      return policy === undefined ? [] : setting("firewall", `ufw ${name}`, policy, "/etc/default/ufw");
    }),
  ];
}

function firewalld(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/usr/sbin/firewalld")) return [];
  const path = "/etc/firewalld/firewalld.conf";
  const text = files.findText(path);
  const zone = parseAssignments(text ?? "").get("DefaultZone");
  return [
    setting("firewall", "firewalld", yesNo(isUnitWanted(files, "firewalld.service")), "/etc/systemd/system"),
    setting("firewall", "firewalld DefaultZone", zone ?? "public", zone === undefined ? undefined : path),
  ];
}

/** Rulesets that a service loads at boot. */
function rulesets(files: HostFiles): SecuritySetting[] {
  const SERVICES = [
    { name: "nftables", unit: "nftables.service", program: "/usr/sbin/nft", rules: "/etc/nftables.conf" },
    {
      name: "nftables",
      unit: "nftables.service",
      program: "/usr/sbin/nft",
      rules: "/etc/sysconfig/nftables.conf",
    },
    {
      name: "iptables",
      unit: "iptables.service",
      program: "/usr/sbin/iptables",
      rules: "/etc/sysconfig/iptables",
    },
    {
      name: "netfilter-persistent",
      unit: "netfilter-persistent.service",
      program: "/usr/sbin/netfilter-persistent",
      rules: "/etc/iptables/rules.v4",
    },
  ];
  return SERVICES.flatMap(({ name, unit, program, rules }) =>
    files.exists(program) && files.exists(rules)
      ? setting("firewall", name, yesNo(isUnitWanted(files, unit)), rules)
      : [],
  );
}

/** The kernel's current tables of the older iptables, and whether the kernel supports nftables. */
function kernelTables(files: HostFiles): SecuritySetting[] {
  const tables = [
    { name: "iptables tables", path: "/proc/net/ip_tables_names" },
    { name: "ip6tables tables", path: "/proc/net/ip6_tables_names" },
  ].flatMap(({ name, path }) => {
    const text = files.findText(path);
    return text === undefined
      ? []
      : setting("firewall", name, text.split("\n").filter(Boolean).sort().join(" "), path);
  });
  const module = "/sys/module/nf_tables";
  return [...tables, setting("firewall", "nf_tables module", yesNo(files.exists(module)), module)];
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
