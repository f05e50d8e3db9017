// A cgroup for a booted host. systemd-nspawn(1) names the group of every host "payload", below its own group:
// without this, hosts that run at the same time share the group of a service, and the systemd of one removes
// it while the other one starts the service in it (exit code 219), or waits until both have stopped.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";

export interface HostCgroup {
  /** Returns the command line that runs a program in the group. */
  command(args: string[]): string[];
  /** Returns false while a process is in the group. */
  remove(): boolean;
}

export function makeHostCgroup(name: string): HostCgroup {
  const folders = ownCgroups().map((own) => join(own, name));
  for (const folder of folders) mkdirSync(folder);
  const enter =
    'for group do test "$group" = -- && break; echo $$ >"$group/cgroup.procs"; shift; done; shift';
  return {
    command: (args) => ["sh", "-ec", `${enter}; exec "$@"`, "sh", ...folders, "--", ...args],
    remove: () => folders.every(removeCgroup),
  };
}

/** The groups of this process in the hierarchies in which systemd puts services: cgroups(7). */
function ownCgroups(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const mountOf = (matches: (type: string, options: string[]) => boolean) =>
    mounts.find(([, , type = "", options = ""]) => matches(type, options.split(",")))?.[1];
  const unified = mountOf((type) => type === "cgroup2");
  const named = mountOf((type, options) => type === "cgroup" && options.includes("name=systemd"));
  return readFileSync("/proc/self/cgroup", "utf8")
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const mount = controllers === "" ? unified : controllers === "name=systemd" ? named : undefined;
      return mount === undefined ? [] : [join(mount, path!)];
    });
}

/** The files of a group disappear with its folder. */
function removeCgroup(folder: string): boolean {
  if (!existsSync(folder)) return true;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory() && !removeCgroup(join(folder, entry.name))) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (errnoCode(error) === "EBUSY") return false;
    throw error;
  }
}
