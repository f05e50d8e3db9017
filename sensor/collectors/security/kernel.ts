// Hardening of the kernel: effective sysctl values and processor vulnerabilities.

import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
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
  return [...sysctls(files), ...vulnerabilities(files)];
}

function sysctls(files: HostFiles): SecuritySetting[] {
  return SYSCTLS.flatMap((name) => {
    const path = `/proc/sys/${name.replaceAll(".", "/")}`;
    const value = files.findLine(path);
    return value === undefined ? [] : setting("kernel", name, withoutArguments(value), path);
  });
}

/** A pattern of core files may be a program, whose arguments can be anything. Those of `%P` are its kind. */
function withoutArguments(value: string): string {
  const [program = "", ...words] = value.split(/\s+/);
  if (!program.startsWith("|")) return value;
  return [program, ...words.filter((word) => /^(?:-[A-Za-z])?%[A-Za-z%]$/.test(word))].join(" ");
}

function vulnerabilities(files: HostFiles): SecuritySetting[] {
  const folder = "/sys/devices/system/cpu/vulnerabilities";
  const names = files.list(folder);
  return firstOf(files, folder, names, MAX_VULNERABILITIES).flatMap((name) => {
    const value = files.findLine(`${folder}/${name}`);
    return value === undefined ? [] : setting("kernel", `cpu ${name}`, value, `${folder}/${name}`);
  });
}
