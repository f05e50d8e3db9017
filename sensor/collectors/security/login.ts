// Rules for passwords and logins: login.defs(5), and the PAM modules that enforce password quality and lock
// accounts.
import { findPamService, readConfiguration } from "../configuration.ts";
import type { HostFiles } from "../host-files.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const LOGIN_DEFS_SETTINGS = [
  "PASS_MAX_DAYS",
  "PASS_MIN_DAYS",
  "PASS_WARN_AGE",
  "PASS_MIN_LEN",
  "UMASK",
  "ENCRYPT_METHOD",
  "YESCRYPT_COST_FACTOR",
  "SHA_CRYPT_MIN_ROUNDS",
  "LOGIN_RETRIES",
  "LOGIN_TIMEOUT",
  "FAILLOG_ENAB",
  "LOG_OK_LOGINS",
  "DEFAULT_HOME",
  "HOME_MODE",
];
/** The files for all services on Debian, Red Hat, Alpine and SUSE. */
const PAM_FILES = [
  "common-password",
  "common-auth",
  "password-auth",
  "system-auth",
  "base-password",
  "base-auth",
];
const PAM_MODULES = [
  "pam_pwquality",
  "pam_passwdqc",
  "pam_cracklib",
  "pam_pwhistory",
  "pam_faillock",
  "pam_tally2",
];
const MODULE_FILES = [
  {
    module: "pwquality",
    names: ["minlen", "minclass", "dcredit", "ucredit", "lcredit", "ocredit", "retry"],
  },
  {
    module: "faillock",
    names: ["deny", "unlock_time", "fail_interval", "even_deny_root"],
  },
] as const;

export function readLoginSettings(files: HostFiles): SecuritySetting[] {
  return [...loginDefs(files), ...pam(files), ...moduleFiles(files)];
}

function loginDefs(files: HostFiles): SecuritySetting[] {
  const values = new Map<string, [value: string, source: string]>();
  for (const { path, text = "" } of readConfiguration(files, "login.defs"))
    for (const [name, value] of parseLoginDefs(text)) values.set(name, [value, path]);
  return LOGIN_DEFS_SETTINGS.flatMap((name) => {
    const found = values.get(name);
    return found === undefined ? [] : setting("login", name, ...found);
  });
}

/** Parses `NAME value` lines. The last value of a name counts. */
export function parseLoginDefs(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const blank = line.search(/\s/);
    if (blank > 0) values.set(line.slice(0, blank), unquote(line.slice(blank).trim()));
  }
  return values;
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** Whether each module is in use, with its arguments, and whether empty passwords are accepted. */
function pam(files: HostFiles): SecuritySetting[] {
  const lines = PAM_FILES.flatMap((name) => {
    const { path = "", text } = findPamService(files, name) ?? {};
    if (text === undefined) return [];
    return text
      .split("\n")
      .filter((line) => !line.trimStart().startsWith("#"))
      .map((line) => ({ path, line: line.trim() }));
  });
  if (lines.length === 0) return [];
  const modules = PAM_MODULES.map((module) => {
    const found = lines.find(({ line }) => line.includes(`${module}.so`));
    const options = found?.line.slice(found.line.indexOf(`${module}.so`) + module.length + 3).trim();
    return setting("login", module, found ? `in use ${options ?? ""}` : "not in use", found?.path);
  });
  const empty = lines.find(({ line }) => /^auth\b/.test(line) && /pam_unix\.so\b.*\bnullok\b/.test(line));
  return [...modules, setting("login", "pam_unix nullok", empty ? "yes" : "no", empty?.path)];
}

/** `name = value` lines, and names without a value, which enable an option. The last value counts. */
function moduleFiles(files: HostFiles): SecuritySetting[] {
  return MODULE_FILES.flatMap(({ module, names }) => {
    const values = new Map<string, [value: string, source: string]>();
    for (const { path, text = "" } of readConfiguration(files, module))
      for (const raw of text.split("\n")) {
        const line = raw.split("#", 1)[0]?.trim() ?? "";
        const [name = "", value = "yes"] = line.split(/\s*=\s*/, 2);
        if (name) values.set(name, [value, path]);
      }
    return names.flatMap((name) => {
      const found = values.get(name);
      return found === undefined ? [] : setting("login", `${module} ${name}`, ...found);
    });
  });
}
