// The effective security settings. If an area cannot be read, one item of that area has the reason.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { readEncryptionSettings } from "./encryption.ts";
import { readFirewallSettings } from "./firewall.ts";
import { readKernelSettings } from "./kernel.ts";
import { readLoginSettings } from "./login.ts";
import { type SecuritySetting, setting } from "./setting.ts";
import { readSshSettings } from "./ssh.ts";
import { readUpdateSettings } from "./updates.ts";

const AREAS: Partial<Record<SecuritySetting["area"], (files: HostFiles) => SecuritySetting[]>> = {
  ssh: readSshSettings,
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
      return [setting(area, "unreadable", error instanceof Error ? error.message : String(error))];
    }
  });
}
