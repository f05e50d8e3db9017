// The keys of OpenSSH's server: where it looks for those of accounts, and its own.
import { findMainFile } from "../configuration.ts";
import { firstOf } from "../first-of.ts";
import { listMatching } from "../glob.ts";
import type { HostFiles } from "../host-files.ts";
import { parsePublicKey } from "../users/ssh-public-key.ts";
import { type SecuritySetting, setting } from "./setting.ts";
import { parseSshdConfig } from "./sshd/config.ts";

const DEFAULT_PATTERNS = [".ssh/authorized_keys", ".ssh/authorized_keys2"];
const FOLDER = "/etc/ssh";
const MAX_HOST_KEYS = 50;

/** The words of AuthorizedKeysFile for all connections, or of its default. */
export function readAuthorizedKeysPatterns(files: HostFiles): string[] {
  const main = findMainFile(files, "sshd");
  if (main?.text === undefined) return DEFAULT_PATTERNS;
  const { lines } = parseSshdConfig(
    { path: main.path, text: main.text },
    {
      version: undefined,
      list: (pattern) => listMatching(files, pattern),
      read: (path) => files.findText(path),
    },
  );
  // The first line counts.
  return lines.find(({ keyword }) => keyword.name === "AuthorizedKeysFile")?.values ?? DEFAULT_PATTERNS;
}

/** The public halves of the keys by which clients recognize this host. */
export function readHostKeys(files: HostFiles): SecuritySetting[] {
  const names = files.list(FOLDER).filter((name) => /^ssh_host_\w{1,40}_key\.pub$/.test(name));
  return firstOf(files, "host keys", names, MAX_HOST_KEYS).flatMap((name) => {
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
