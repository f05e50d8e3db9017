// Which firewalls are installed and enabled, from their files and the kernel. Does not read the rules.
import type { HostFiles } from "../host-files.ts";
import { parseAssignments } from "../system/os-release.ts";
import { type SecuritySetting, setting } from "./setting.ts";
import { isUnitWanted } from "./systemd-unit.ts";

export function readFirewallSettings(files: HostFiles): SecuritySetting[] {
  return [...ufw(files), ...firewalld(files), ...rulesets(files), ...kernelTables(files), ...nftables(files)];
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
