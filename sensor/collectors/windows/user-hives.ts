// The users whose part of the registry can be read: those who are signed in, and the others from the file in
// their profile.
import { expandVariables, findText, type Registry, valuesOf } from "./registry.ts";

export interface UserHive {
  sid: string;
  /** E.g. `HKU\S-1-5-21-…-1001`. */
  path: string;
}

export interface Profile {
  sid: string;
  /** E.g. `C:\Users\anna`. */
  folder: string;
}

const PROFILES = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";
/** SYSTEM has no programs: its hive is that of the sign-in screen. */
const NOT_USERS = new Set(["S-1-5-18", ".default"]);

/** Hives that Windows has loaded. `S-1-…_Classes` belongs to the hive of its user. */
export function listUserHives(registry: Registry): UserHive[] {
  return registry
    .listKeys("HKU")
    .filter((name) => isSid(name) && !NOT_USERS.has(name))
    .map((sid) => ({ sid, path: `HKU\\${sid}` }));
}

/** Every user who has signed in on this host, and the accounts of services. */
export function listProfiles(registry: Registry, variables: ReadonlyMap<string, string>): Profile[] {
  return registry.listKeys(PROFILES).flatMap((sid) => {
    const folder = findText(valuesOf(registry, `${PROFILES}\\${sid}`), "ProfileImagePath");
    return isSid(sid) && folder !== undefined ? { sid, folder: expandVariables(folder, variables) } : [];
  });
}

/** `S-1-5-21-…`, and `S-1-12-1-…` of Entra ID. A profile that Windows could not load ends in `.bak`. */
export function isSid(text: string): boolean {
  return /^S-1(?:-\d{1,10}){2,15}$/i.test(text);
}
