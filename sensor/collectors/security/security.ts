// The effective security settings. An area that cannot be read is a gap.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { gapOf, TooSlow } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readAccessControlSettings } from "./access-control.ts";
import { readAuditSettings } from "./audit.ts";
import { readBootSettings } from "./boot.ts";
import { readCryptoPolicy } from "./crypto-policy.ts";
import { readEncryptionSettings } from "./encryption.ts";
import { readFirewallSettings } from "./firewall.ts";
import { readFirewallRules } from "./firewall-rules/firewall-rules.ts";
import { readKernelSettings } from "./kernel.ts";
import { readLoginSettings } from "./login.ts";
import { readSetUidFiles } from "./set-uid-files.ts";
import type { SecuritySetting } from "./setting.ts";
import { readSshSettings } from "./ssh.ts";
import { readHostKeys } from "./sshd-keys.ts";
import { readTimeSettings } from "./time-sync.ts";
import { readUpdateSettings } from "./updates.ts";

const AREAS: Partial<Record<SecuritySetting["area"], (files: HostFiles) => SecuritySetting[]>> = {
  ssh: (files) => [...readSshSettings(files), ...readHostKeys(files)],
  firewall: (files) => [...readFirewallSettings(files), ...readFirewallRules(files)],
  updates: readUpdateSettings,
  encryption: (files) => [...readEncryptionSettings(files), ...readCryptoPolicy(files)],
  kernel: readKernelSettings,
  login: readLoginSettings,
  boot: readBootSettings,
  "access-control": readAccessControlSettings,
  audit: readAuditSettings,
  time: readTimeSettings,
  files: readSetUidFiles,
};

export function collectSecurity(files: HostFiles): Item<"security">[] {
  return (Object.keys(AREAS) as SecuritySetting["area"][]).flatMap((area) => {
    try {
      return AREAS[area]?.(files) ?? [];
    } catch (error) {
      if (error instanceof TooSlow) throw error;
      files.noteGap(gapOf(error, `${area} settings`));
      return [];
    }
  });
}
