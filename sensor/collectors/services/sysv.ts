// The services of SysV init, on hosts without systemd and OpenRC: scripts with links in the folders of the
// runlevels. Under systemd, systemd-sysv-generator(8) makes units of them.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const SCRIPTS = "/etc/init.d";
const LEVELS = ["S", "2", "3", "4", "5"];
const MAX_SCRIPT_BYTES = 256 * 1024;
/** Files beside the scripts, e.g. `functions`, `README`, `skeleton`, `foo.dpkg-new`. */
const NO_SERVICE =
  /^(?:functions|skeleton|README|rc|rcS|rc\.local|halt|reboot|single|killall|\..*|.*\.(?:dpkg-.*|rpm(?:new|save|orig)))$/;

export function* sysvServices(files: HostFiles): Generator<Item<"services">> {
  const enabled = new Set<string>();
  for (const level of LEVELS) {
    for (const folder of [`/etc/rc${level}.d`, `/etc/rc.d/rc${level}.d`])
      for (const link of files.list(folder)) if (/^S\d\d./.test(link)) enabled.add(link.slice(3));
  }
  for (const { name, kind } of files.listEntries(SCRIPTS)) {
    if (kind === "folder" || NO_SERVICE.test(name)) continue;
    const script = files.findText(`${SCRIPTS}/${name}`, MAX_SCRIPT_BYTES);
    if (!script?.startsWith("#!")) continue;
    yield {
      key: factText(name, 300),
      kind: "service",
      manager: "sysv",
      name: factText(name, 300),
      description: optionalFact(descriptionIn(script), 500),
      enablement: enabled.has(name) ? "enabled" : "disabled",
      state: hasProcess(files, name) ? "running" : "unknown",
      command: factText(`${SCRIPTS}/${name}`, 1_000),
      file: factText(`${SCRIPTS}/${name}`, 1_000),
    };
  }
}

/** Of the header by the Linux Standard Base, otherwise of chkconfig(8). */
function descriptionIn(script: string): string | undefined {
  const header = script.slice(0, 8_192);
  return (/^#\s*Short-Description:(.*)$/m.exec(header) ?? /^#\s*description:([^\\\n]*)/im.exec(header))?.[1];
}

/** Most daemons write their id to a file of their name. Without one, the state is unknown. */
function hasProcess(files: HostFiles, name: string): boolean {
  if (!files.isRunning) return false;
  return [`/run/${name}.pid`, `/var/run/${name}.pid`, `/run/${name}/${name}.pid`].some((path) => {
    const pid = parseCount(files.exists(path) ? files.findLine(path) : undefined);
    return pid !== undefined && pid > 0 && files.exists(`/proc/${pid}`);
  });
}
