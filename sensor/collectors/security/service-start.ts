// Whether the host starts a service: by systemd, or by a run level of OpenRC.
import type { HostFiles } from "../host-files.ts";
import { isUnitWanted, readUnit } from "./systemd-unit.ts";

const RUN_LEVELS = ["boot", "default", "sysinit"];

export interface ServiceStart {
  isEnabled: boolean;
  /** What says so: the unit, or the script. */
  source: string;
}

/** Undefined if the host has no such unit and no script. `unit` has its suffix, e.g. `.service`. */
export function findServiceStart(files: HostFiles, unit: string): ServiceStart | undefined {
  const isEnabled = isUnitWanted(files, unit);
  const found = readUnit(files, unit);
  // A link says that it is enabled. Without a unit, no link says nothing.
  if (found || isEnabled) return { isEnabled, source: found?.path ?? "/etc/systemd/system" };
  const name = unit.replace(/\.service$/, "");
  const script = `/etc/init.d/${name}`;
  if (!files.exists("/etc/runlevels") || !files.exists(script)) return undefined;
  return {
    isEnabled: RUN_LEVELS.some((level) => files.findLink(`/etc/runlevels/${level}/${name}`)),
    source: script,
  };
}
