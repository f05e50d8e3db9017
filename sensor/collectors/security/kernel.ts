// Hardening of the kernel: effective sysctl values, security modules, lockdown, Secure Boot, and processor
// vulnerabilities.
import type { HostFiles } from "../host-files.ts";
import { parseAssignments } from "../system/os-release.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const SYSCTLS = [
  "kernel.randomize_va_space",
  "kernel.kptr_restrict",
  "kernel.dmesg_restrict",
  "kernel.perf_event_paranoid",
  "kernel.unprivileged_bpf_disabled",
  "kernel.unprivileged_userns_clone",
  "kernel.yama.ptrace_scope",
  "kernel.kexec_load_disabled",
  "kernel.modules_disabled",
  "kernel.sysrq",
  "kernel.core_pattern",
  "fs.protected_hardlinks",
  "fs.protected_symlinks",
  "fs.protected_fifos",
  "fs.protected_regular",
  "fs.suid_dumpable",
  "vm.mmap_min_addr",
  "vm.unprivileged_userfaultfd",
  "net.core.bpf_jit_harden",
  "net.ipv4.ip_forward",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.icmp_echo_ignore_broadcasts",
  "net.ipv4.conf.all.rp_filter",
  "net.ipv4.conf.default.rp_filter",
  "net.ipv4.conf.all.accept_redirects",
  "net.ipv4.conf.default.accept_redirects",
  "net.ipv4.conf.all.secure_redirects",
  "net.ipv4.conf.all.send_redirects",
  "net.ipv4.conf.all.accept_source_route",
  "net.ipv4.conf.all.log_martians",
  "net.ipv6.conf.all.forwarding",
  "net.ipv6.conf.all.accept_redirects",
  "net.ipv6.conf.all.accept_source_route",
  "net.ipv6.conf.all.accept_ra",
  "net.ipv6.conf.all.disable_ipv6",
];
const MAX_VULNERABILITIES = 200;

export function readKernelSettings(files: HostFiles): SecuritySetting[] {
  return [
    ...sysctls(files),
    ...securityModules(files),
    ...selinux(files),
    ...secureBoot(files),
    ...vulnerabilities(files),
  ];
}

function sysctls(files: HostFiles): SecuritySetting[] {
  return SYSCTLS.flatMap((name) => {
    const path = `/proc/sys/${name.replaceAll(".", "/")}`;
    const value = files.findLine(path);
    return value === undefined ? [] : setting("kernel", name, value, path);
  });
}

function securityModules(files: HostFiles): SecuritySetting[] {
  const settings: SecuritySetting[] = [];
  const lockdownPath = "/sys/kernel/security/lockdown";
  const lockdown = /\[(\w+)\]/.exec(files.findLine(lockdownPath) ?? "")?.[1];
  if (lockdown !== undefined) settings.push(setting("kernel", "lockdown", lockdown, lockdownPath));
  const modulesPath = "/sys/kernel/security/lsm";
  const modules = files.findLine(modulesPath);
  if (modules !== undefined) settings.push(setting("kernel", "security modules", modules, modulesPath));
  const apparmorPath = "/sys/module/apparmor/parameters/enabled";
  const apparmor = files.findLine(apparmorPath);
  if (apparmor !== undefined)
    settings.push(
      setting("kernel", "AppArmor", /^[Y1]/.test(apparmor) ? "enabled" : "disabled", apparmorPath),
    );
  return settings;
}

/** The effective mode, and the mode after the next start. */
function selinux(files: HostFiles): SecuritySetting[] {
  const configPath = "/etc/selinux/config";
  const configured = parseAssignments(files.findText(configPath) ?? "").get("SELINUX");
  const enforcePath = "/sys/fs/selinux/enforce";
  const enforce = files.findLine(enforcePath);
  const items =
    configured === undefined ? [] : [setting("kernel", "SELinux configured", configured, configPath)];
  if (enforce !== undefined)
    return [
      setting("kernel", "SELinux", enforce === "1" ? "enforcing" : "permissive", enforcePath),
      ...items,
    ];
  // Without its file system, a running kernel has no SELinux. A container does not see it.
  const isDisabled = configured !== undefined && files.isLive && files.exists("/sys/kernel/security");
  return isDisabled ? [setting("kernel", "SELinux", "disabled", "/sys/fs/selinux"), ...items] : items;
}

/** The variable has four bytes of attributes, then 1 or 0 (UEFI 2.10, section 3.3). */
function secureBoot(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/sys/firmware/efi")) return [];
  const path = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  const variable = files.findBytes(path, 16);
  if (variable === undefined || variable.length < 5) return [];
  return [setting("kernel", "Secure Boot", variable[4] === 1 ? "enabled" : "disabled", path)];
}

function vulnerabilities(files: HostFiles): SecuritySetting[] {
  const folder = "/sys/devices/system/cpu/vulnerabilities";
  return files
    .list(folder)
    .slice(0, MAX_VULNERABILITIES)
    .flatMap((name) => {
      const value = files.findLine(`${folder}/${name}`);
      return value === undefined ? [] : setting("kernel", `cpu ${name}`, value, `${folder}/${name}`);
    });
}
