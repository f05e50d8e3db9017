// Finds the services with running processes. systemd gives each service a control group with its name, so
// that no request to systemd is needed.
import type { HostFiles } from "../host-files.ts";

/** Roots of systemd's cgroup tree: v2, hybrid, v1. */
const HIERARCHIES = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
const MAX_FOLDERS = 20_000;
const MAX_DEPTH = 16;

/** Names of the services with processes; undefined if no tree of systemd can be read. */
export function findRunningServices(files: HostFiles): Set<string> | undefined {
  const hierarchy = HIERARCHIES.find((path) => files.exists(`${path}/system.slice`));
  if (hierarchy === undefined) return undefined;
  const running = new Set<string>();
  const budget = { folders: MAX_FOLDERS };
  addRunning(files, hierarchy, running, budget, 0);
  return budget.folders > 0 ? running : undefined;
}

function addRunning(
  files: HostFiles,
  path: string,
  running: Set<string>,
  budget: { folders: number },
  depth: number,
): void {
  if (depth > MAX_DEPTH) return;
  for (const { name, kind } of files.listEntries(path)) {
    if (kind !== "folder" || budget.folders <= 0) continue;
    if (name.endsWith(".service")) {
      budget.folders -= 1;
      // Groups inside a service are not services: user@1000.service contains the units of a user's manager.
      if (hasProcesses(files, `${path}/${name}`, budget, depth)) running.add(name.replace(/^_/, ""));
    } else if (name.endsWith(".slice")) {
      budget.folders -= 1;
      addRunning(files, `${path}/${name}`, running, budget, depth + 1);
    }
  }
}

function hasProcesses(files: HostFiles, path: string, budget: { folders: number }, depth: number): boolean {
  const events = files.findText(`${path}/cgroup.events`);
  if (events !== undefined) return /^populated 1$/m.test(events);
  if (files.findLine(`${path}/cgroup.procs`) !== undefined) return true;
  if (depth > MAX_DEPTH) return false;
  return files.listEntries(path).some(({ name, kind }) => {
    if (kind !== "folder" || budget.folders <= 0) return false;
    budget.folders -= 1;
    return hasProcesses(files, `${path}/${name}`, budget, depth + 1);
  });
}
