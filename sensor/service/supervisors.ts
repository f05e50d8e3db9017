// What the commands need of a service manager, and which one this host has.
import { accessSync } from "node:fs";
import { launchd } from "./launchd.ts";
import { openrc } from "./openrc.ts";
import { serviceProblem } from "./service-problems.ts";
import type { ServiceManager } from "./service-state.ts";
import { systemd } from "./systemd.ts";
import { taskScheduler } from "./task-scheduler.ts";

/** The service manager that runs this host; undefined: none that the sensor supports. */
export function findServiceManager(): ServiceManager | undefined {
  if (process.platform === "win32") return taskScheduler();
  if (process.platform === "darwin") return launchd();
  // systemd documents this test as sd_booted(3).
  if (exists("/run/systemd/system")) return systemd();
  return exists("/run/openrc/softlevel") ? openrc() : undefined;
}

/**
 * Like `findServiceManager`, but also finds that of a system that is not booted, e.g. in a chroot in which an
 * image is built. It can register services there.
 */
export function findRegistrar(): ServiceManager | undefined {
  const manager = findServiceManager();
  if (manager || process.platform !== "linux") return manager;
  if (["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].some(exists)) return systemd({ isBooted: false });
  return exists("/sbin/openrc-run") ? openrc() : undefined;
}

/** Throws SensorError if there is none. */
export function requireServiceManager(): ServiceManager {
  const manager = findServiceManager();
  if (manager) return manager;
  throw serviceProblem("no-service-manager");
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
