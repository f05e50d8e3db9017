// The root folder of a macOS system that is mounted or captured.
import type { HostFiles } from "../host-files.ts";

export const SYSTEM_VERSION = "/System/Library/CoreServices/SystemVersion.plist";

export function isMacosDisk(files: HostFiles): boolean {
  return !files.isLive && files.exists(SYSTEM_VERSION);
}
