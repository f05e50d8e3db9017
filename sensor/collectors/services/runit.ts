// The services of runit (runsvdir(8)), also beside another init system: folders with a program `run`, enabled
// by links in the folder that runsvdir watches.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const AVAILABLE = ["/etc/sv", "/etc/runit/sv"];
const WATCHED = ["/etc/service", "/var/service", "/service", "/run/runit/service"];

const PROGRAMS = ["/usr/bin/runsvdir", "/usr/sbin/runsvdir", "/sbin/runsvdir", "/bin/runsvdir"];

export function* runitServices(files: HostFiles): Generator<Item<"services">> {
  const watched = new Map<string, string>();
  for (const folder of WATCHED)
    for (const name of files.list(folder)) if (!watched.has(name)) watched.set(name, `${folder}/${name}`);
  // Packages bring folders also to a host without runit.
  if (watched.size === 0 && !PROGRAMS.some(files.exists)) return;
  const folders = new Map(watched);
  for (const folder of AVAILABLE)
    for (const name of files.list(folder)) if (!folders.has(name)) folders.set(name, `${folder}/${name}`);
  for (const [name, folder] of folders) {
    if (name.startsWith(".") || !files.exists(`${folder}/run`)) continue;
    yield {
      key: factText(name, 300),
      kind: "service",
      manager: "runit",
      name: factText(name, 300),
      // With the file `down`, runsvdir watches the service but does not start it.
      enablement: watched.has(name) && !files.exists(`${folder}/down`) ? "enabled" : "disabled",
      state: watched.has(name) ? stateIn(files.findLine(`${folder}/supervise/stat`)) : "stopped",
      command: factText(`${folder}/run`, 1_000),
      file: factText(`${folder}/run`, 1_000),
    };
  }
}

/** Such as `run`, `run, want down`, `down`, `finish`. Only root may read it. */
function stateIn(text: string | undefined): Item<"services">["state"] {
  if (text === undefined) return "unknown";
  return /^(?:run|paused)/.test(text) ? "running" : text.startsWith("finish") ? "starting" : "stopped";
}
