// The effective security settings. An area that cannot be read is a gap.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { gapOf, TooSlow } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readEncryptionSettings } from "./encryption.ts";
import { readFirewallSettings } from "./firewall.ts";
import { readKernelSettings } from "./kernel.ts";
import { readLoginSettings } from "./login.ts";
import type { SecuritySetting } from "./setting.ts";
import { readSshSettings } from "./ssh.ts";
import { readHostKeys } from "./sshd-keys.ts";
import { readUpdateSettings } from "./updates.ts";

const AREAS: Partial<Record<SecuritySetting["area"], (files: HostFiles) => SecuritySetting[]>> = {
  ssh: (files) => [...readSshSettings(files), ...readHostKeys(files)],
  firewall: readFirewallSettings,
  updates: readUpdateSettings,
  encryption: readEncryptionSettings,
  kernel: readKernelSettings,
  login: readLoginSettings,
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
