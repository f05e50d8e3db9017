// The keys of OpenSSH's server: where it looks for those of accounts, and its own.
import type { HostFiles } from "../host-files.ts";
import { parsePublicKey } from "../users/ssh-public-key.ts";
import { type SecuritySetting, setting } from "./setting.ts";
import { readSshSettings } from "./ssh.ts";

const DEFAULT_PATTERNS = [".ssh/authorized_keys", ".ssh/authorized_keys2"];
const FOLDER = "/etc/ssh";
const MAX_HOST_KEYS = 50;

/** The words of AuthorizedKeysFile, or of its default. */
export function readAuthorizedKeysPatterns(files: HostFiles): string[] {
  try {
    const found = readSshSettings(files).find(({ key }) => key === "ssh/authorized-keys-file");
    // Without a source, it is the default.
    if (found?.source === undefined) return DEFAULT_PATTERNS;
    return found.value.split(/\s+/).filter(Boolean);
  } catch {
    return DEFAULT_PATTERNS;
  }
}

/** The public halves of the keys by which clients recognize this host. */
export function readHostKeys(files: HostFiles): SecuritySetting[] {
  return files
    .list(FOLDER)
    .filter((name) => /^ssh_host_\w{1,40}_key\.pub$/.test(name))
    .slice(0, MAX_HOST_KEYS)
    .flatMap((name) => {
      const path = `${FOLDER}/${name}`;
      const [type = "", base64 = ""] = (files.findLine(path) ?? "").split(/\s+/, 2);
      const key = parsePublicKey(type, base64);
      if (key === undefined) return [];
      const bits = key.bits === undefined ? "" : ` (${key.bits} bits)`;
      return setting(
        "ssh",
        `host key ${type}`,
        `${key.fingerprint}${bits}`,
        path,
        `host-key/${name.slice(9, -8)}`,
      );
    });
}
