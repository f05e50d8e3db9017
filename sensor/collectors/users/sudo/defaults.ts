// The Defaults of sudoers(5) that change who may do what, and with whose password.
import type { DefaultsEntry } from "./syntax.ts";

/** Whose password is asked for. */
export type Password = "none" | "own" | "target" | "root" | "runas-default";

export interface Settings {
  authenticate: boolean;
  rootpw: boolean;
  runaspw: boolean;
  targetpw: boolean;
  /** Its members need no password. */
  exempt_group: string | false;
  /** The account for commands without one. */
  runas_default: string;
}

const FLAGS = new Set<string>(["authenticate", "rootpw", "runaspw", "targetpw"] satisfies (keyof Settings)[]);

export const INITIAL_SETTINGS: Settings = {
  authenticate: true,
  rootpw: false,
  runaspw: false,
  targetpw: false,
  exempt_group: false,
  runas_default: "root",
};

export function isAboutRights({ name }: DefaultsEntry): boolean {
  return name in INITIAL_SETTINGS;
}

/** Applies entries in the order of the file. Ignores values of the wrong type, as sudo does. */
export function applyDefaults(settings: Settings, entries: readonly DefaultsEntry[]): Settings {
  const changed = { ...settings };
  for (const { name, value } of entries) {
    if (FLAGS.has(name) && typeof value === "boolean") changed[name as "authenticate"] = value;
    if (name === "exempt_group" && value !== true) changed.exempt_group = value;
    if (name === "runas_default" && typeof value === "string") changed.runas_default = value;
  }
  return changed;
}

/** `noPassword`: the tag of the command. `isExempt`: the account is in the exempt group. */
export function passwordOf(settings: Settings, noPassword: boolean | undefined, isExempt: boolean): Password {
  if (isExempt || !(noPassword === undefined ? settings.authenticate : !noPassword)) return "none";
  if (settings.rootpw) return "root";
  if (settings.runaspw) return settings.runas_default === "root" ? "root" : "runas-default";
  return settings.targetpw ? "target" : "own";
}
