// The audit daemon and its rules. The rules themselves are counted only.
import type { HostFiles } from "../host-files.ts";
import { serviceState } from "./enabled-service.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const PROGRAMS = ["/usr/sbin/auditd", "/sbin/auditd"];
/** The rules that are loaded are made from the folder. */
const FOLDER = "/etc/audit/rules.d";
const LOADED = "/etc/audit/audit.rules";

export function readAuditSettings(files: HostFiles): SecuritySetting[] {
  const program = PROGRAMS.find((path) => files.exists(path));
  if (program === undefined) return [];
  const state = serviceState(files, ["auditd"]);
  const inFolder = files
    .list(FOLDER)
    .filter((name) => name.endsWith(".rules"))
    .map((name) => files.findText(`${FOLDER}/${name}`) ?? "");
  const loaded = files.findText(LOADED);
  const { count, isLocked } = countRules([loaded ?? inFolder.join("\n")]);
  return [
    ...(state === undefined ? [] : [setting("audit", "auditd", state, program)]),
    setting("audit", "audit rules", String(count), loaded === undefined ? FOLDER : LOADED),
    ...(isLocked
      ? [setting("audit", "audit rules locked", "yes", loaded === undefined ? FOLDER : LOADED)]
      : []),
  ];
}

/** Lines of auditctl(8): `-a`, `-A` and `-w` add a rule, `-D` deletes all, `-e 2` ends changes. */
export function countRules(texts: readonly string[]): { count: number; isLocked: boolean } {
  let count = 0;
  let isLocked = false;
  for (const line of texts.join("\n").split("\n")) {
    const [option, value] = line.trim().split(/\s+/, 2);
    if (option === "-a" || option === "-A" || option === "-w") count += 1;
    else if (option === "-D") count = 0;
    else if (option === "-e") isLocked = value === "2";
  }
  return { count, isLocked };
}
