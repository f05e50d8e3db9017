// The services of OpenRC (openrc(8)): scripts in /etc/init.d, enabled by links in /etc/runlevels, with their
// states below /run/openrc. Reads the settings of a script without running it, so only literal ones.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { parseAssignments } from "../system/os-release.ts";
import { programOf } from "./exec-program.ts";

type Service = Item<"services">;

const SCRIPTS = "/etc/init.d";
const RUNLEVELS = "/etc/runlevels";
/** Of OpenRC since 0.12, and of earlier ones. */
const STATE_FOLDERS = ["/run/openrc", "/lib/rc/init.d", "/lib64/rc/init.d", "/libexec/rc/init.d"];
const MAX_SCRIPT_BYTES = 256 * 1024;
const SHEBANG = /^#![^\n]*\b(?:openrc-run|runscript)\b/;
/** Outside of functions. */
const SETTING = /^(?:command|command_user|description|name)=/;

export function hasOpenrc(files: HostFiles): boolean {
  if (files.exists("/run/systemd/system")) return false;
  return (
    files.exists("/run/openrc/softlevel") ||
    (files.exists(RUNLEVELS) && ["/sbin/openrc", "/usr/sbin/openrc", "/usr/bin/openrc"].some(files.exists))
  );
}

export function* openrcServices(files: HostFiles): Generator<Service> {
  const enabled = new Set(files.list(RUNLEVELS).flatMap((level) => files.list(`${RUNLEVELS}/${level}`)));
  const stateFolder = STATE_FOLDERS.find((path) => files.exists(`${path}/started`));
  const stateOf = readStates(files, stateFolder);
  for (const name of files.list(SCRIPTS)) {
    const script = files.findText(`${SCRIPTS}/${name}`, MAX_SCRIPT_BYTES);
    if (script === undefined || !SHEBANG.test(script)) continue;
    const settings = readSettings(`${script}\n${files.findText(`/etc/conf.d/${name}`) ?? ""}`, name);
    const user = settings.has("command_user") ? settings.get("command_user")?.split(":", 1)[0] : "root";
    const command = settings.get("command");
    yield {
      key: factText(name, 300),
      kind: "service",
      manager: "openrc",
      name: factText(name, 300),
      description: optionalFact(settings.get("description") ?? settings.get("name"), 500),
      enablement: enabled.has(name) ? "enabled" : "disabled",
      state: stateOf(name),
      command: optionalFact(command && programOf(command, files), 1_000),
      user: optionalFact(user, 250),
      file: factText(`${SCRIPTS}/${name}`, 1_000),
    };
  }
}

/** Undefined: a variable other than the service's name decides. */
function readSettings(text: string, name: string): Map<string, string | undefined> {
  const lines = text.split("\n").filter((line) => SETTING.test(line));
  const settings = new Map<string, string | undefined>();
  for (const [key, value] of parseAssignments(lines.join("\n"))) {
    const known = value.replace(/\$(?:\{(?:RC_)?SVCNAME\}|(?:RC_)?SVCNAME\b)/g, () => name);
    settings.set(key, /[$`]/.test(known) ? undefined : known);
  }
  return settings;
}

function readStates(files: HostFiles, folder: string | undefined): (name: string) => Service["state"] {
  if (folder === undefined) return () => "unknown";
  const named = (state: string) => new Set(files.list(`${folder}/${state}`));
  const [started, starting, failed, daemons] = ["started", "starting", "failed", "daemons"].map(named);
  return (name) => {
    if (failed?.has(name)) return "failed";
    if (starting?.has(name)) return "starting";
    if (!started?.has(name)) return "stopped";
    if (!daemons?.has(name)) return "exited";
    return hasCrashed(files, `${folder}/daemons/${name}`) ? "failed" : "running";
  };
}

/** Whether the process of a daemon is gone, as `rc-status` says: its file names the file with its id. */
function hasCrashed(files: HostFiles, folder: string): boolean {
  if (!files.isRunning) return false;
  return files.list(folder).some((file) => {
    const pidFile = /^pidfile=(\/.+)$/m.exec(files.findText(`${folder}/${file}`) ?? "")?.[1];
    const pid = pidFile === undefined ? undefined : parseCount(files.findLine(pidFile));
    return pid !== undefined && !files.exists(`/proc/${pid}`);
  });
}
