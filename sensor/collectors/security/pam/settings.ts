// The settings of a PAM module: from its configuration files, and from its options, which override them.
import { type ConfigurationFile, readConfiguration } from "../../configuration.ts";
import type { HostFiles } from "../../host-files.ts";
import type { PamModule } from "./stack.ts";

export interface PamSetting {
  value: string;
  source: string;
}

interface ModuleSettings {
  /** The settings that are reported, and the only options that are: others may be secret. */
  names: readonly string[];
  /** The software whose files it reads. */
  software?: "pwquality" | "faillock" | "pwhistory";
  /** The module reads no further at the first line that it does not understand. */
  isStrict?: true;
  /** The least and the largest value that has an effect. */
  limits?: Record<string, [least: number, largest: number]>;
}

const QUALITY = [
  ...["difok", "minlen", "dcredit", "ucredit", "lcredit", "ocredit", "minclass", "maxrepeat"],
  ...["maxclassrepeat", "maxsequence", "retry", "enforce_for_root"],
];
const FAILLOCK = ["deny", "fail_interval", "unlock_time", "even_deny_root", "root_unlock_time"];

export const MODULES: Record<string, ModuleSettings> = {
  pam_pwquality: {
    names: [...QUALITY, "gecoscheck", "dictcheck", "usercheck", "enforcing", "local_users_only"],
    software: "pwquality",
    isStrict: true,
    limits: { minlen: [6, Number.POSITIVE_INFINITY], minclass: [Number.NEGATIVE_INFINITY, 4] },
  },
  pam_cracklib: { names: [...QUALITY, "reject_username", "gecoscheck"] },
  pam_passwdqc: { names: ["min", "max", "passphrase", "match", "similar", "enforce", "retry"] },
  pam_pwhistory: { names: ["remember", "enforce_for_root", "retry"], software: "pwhistory" },
  pam_faillock: { names: FAILLOCK, software: "faillock" },
  pam_tally2: { names: ["deny", "unlock_time", "lock_time", "even_deny_root", "root_unlock_time", "onerr"] },
};

/** libpwquality's numbers. The others are paths, words, or only names. */
const NOT_NUMBERS = ["badwords", "dictpath", "enforce_for_root", "local_users_only"];
const KNOWN_QUALITY = [...(MODULES.pam_pwquality?.names ?? []), ...NOT_NUMBERS];

/** What the files and the options of all `uses` of a module set. */
export function readModuleSettings(
  files: HostFiles,
  module: string,
  uses: readonly PamModule[],
): Map<string, PamSetting> {
  const { names, software, isStrict, limits = {} } = MODULES[module] ?? { names: [] };
  const settings = new Map<string, PamSetting>();
  const set = (name: string, text: string, source: string) => {
    const [least, largest] = limits[name] ?? [];
    const number = Number(text);
    const value = least === undefined ? text : String(Math.min(Math.max(number, least), largest ?? number));
    if (names.includes(name)) settings.set(name, { value, source });
  };
  const read = software ? configurationOf(files, software, uses) : [];
  for (const { path, text = "" } of read)
    if (!readAssignments(text, isStrict === true, (name, value) => set(name, value, path))) {
      files.noteGap({
        kind: "not-understood",
        subject: path,
        reason: "a line that libpwquality does not accept",
      });
      break;
    }
  // Modules such as pam_faillock are called several times. The first options count.
  for (const { options, source } of [...uses].reverse())
    for (const option of options) {
      const equals = option.indexOf("=");
      const name = (equals < 0 ? option : option.slice(0, equals)).toLowerCase();
      set(name, equals < 0 ? "yes" : option.slice(equals + 1), source);
    }
  return settings;
}

/** The file that an option `conf=` names, or those of the software. */
function configurationOf(
  files: HostFiles,
  software: NonNullable<ModuleSettings["software"]>,
  uses: readonly PamModule[],
): ConfigurationFile[] {
  const conf = uses.flatMap(({ options }) => options.find((option) => option.startsWith("conf=")) ?? [])[0];
  if (conf === undefined) return readConfiguration(files, software);
  const path = conf.slice("conf=".length);
  return [{ path, text: files.findText(path) }];
}

/** `name = value`, `name value`, or only a name. False: a line is not accepted. */
function readAssignments(
  text: string,
  isStrict: boolean,
  set: (name: string, value: string) => void,
): boolean {
  for (const raw of text.split("\n")) {
    const hash = raw.indexOf("#");
    const line = (hash < 0 ? raw : raw.slice(0, hash)).trim();
    if (line === "") continue;
    const end = line.search(/[\s=]/);
    const name = (end < 0 ? line : line.slice(0, end)).toLowerCase();
    const value = end < 0 ? "" : line.slice(end).replace(/^\s*=?\s*/, "");
    if (isStrict && !isQualitySetting(name, value)) return false;
    set(name, value || "yes");
  }
  return true;
}

function isQualitySetting(name: string, value: string): boolean {
  return KNOWN_QUALITY.includes(name) && (NOT_NUMBERS.includes(name) || /^[+-]?\d{1,9}$/.test(value));
}
