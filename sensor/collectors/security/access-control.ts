// Mandatory access control: the security modules of the kernel, SELinux, and AppArmor with its profiles.
import type { HostFiles } from "../host-files.ts";
import { parseAssignments } from "../system/os-release.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const MODULES = "/sys/kernel/security/lsm";
const APPARMOR = "/sys/module/apparmor/parameters/enabled";
const PROFILES = "/sys/kernel/security/apparmor/profiles";
const MAX_PROFILES_BYTES = 4 * 1024 * 1024;
const SELINUX = { config: "/etc/selinux/config", enforce: "/sys/fs/selinux/enforce" };

export function readAccessControlSettings(files: HostFiles): SecuritySetting[] {
  return [...modules(files), ...selinux(files), ...appArmor(files)];
}

function modules(files: HostFiles): SecuritySetting[] {
  const names = files.findLine(MODULES);
  return names === undefined ? [] : [setting("access-control", "security modules", names, MODULES)];
}

/** The effective mode, and the mode and the policy after the next start. */
function selinux(files: HostFiles): SecuritySetting[] {
  const configuration = parseAssignments(files.findText(SELINUX.config) ?? "");
  const enforce = files.findLine(SELINUX.enforce);
  const configured = configuration.get("SELINUX");
  const policy = configuration.get("SELINUXTYPE");
  const mode = enforce === "1" ? "enforcing" : "permissive";
  // Without its file system, a running kernel has no SELinux. A container does not see it.
  const isDisabled =
    enforce === undefined && configured !== undefined && files.isLive && files.exists("/sys/kernel/security");
  return [
    ...(enforce === undefined ? [] : [setting("access-control", "SELinux", mode, SELINUX.enforce)]),
    ...(isDisabled ? [setting("access-control", "SELinux", "disabled", "/sys/fs/selinux")] : []),
    ...(configured === undefined
      ? []
      : [setting("access-control", "SELinux configured", configured, SELINUX.config)]),
    ...(policy === undefined ? [] : [setting("access-control", "SELinux policy", policy, SELINUX.config)]),
  ];
}

/** Profiles by mode. Lines such as `/usr/sbin/cupsd (enforce)`. */
function appArmor(files: HostFiles): SecuritySetting[] {
  const enabled = files.findLine(APPARMOR);
  if (enabled === undefined) return [];
  const state = /^[Y1]/.test(enabled) ? "enabled" : "disabled";
  const counts = new Map<string, number>();
  for (const line of (files.findText(PROFILES, MAX_PROFILES_BYTES) ?? "").split("\n")) {
    const mode = / \((enforce|complain|kill|prompt|unconfined)\)$/.exec(line.slice(-20))?.[1];
    if (mode !== undefined) counts.set(mode, (counts.get(mode) ?? 0) + 1);
  }
  return [
    setting("access-control", "AppArmor", state, APPARMOR),
    ...[...counts].map(([mode, count]) =>
      setting(
        "access-control",
        `AppArmor profiles: ${mode}`,
        String(count),
        PROFILES,
        `apparmor-profiles/${mode}`,
      ),
    ),
  ];
}
