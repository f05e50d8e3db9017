// How PAM hashes a new password: by an option of pam_unix, else by login.defs. Without both it depends on how
// pam_unix was built.
import type { PamSetting } from "./settings.ts";
import type { PamModule } from "./stack.ts";

/** The options of pam_unix. In login.defs, a value may be longer, e.g. `SHA512-CRYPT`, and in capitals. */
const METHODS = ["md5", "bigcrypt", "sha256", "sha512", "blowfish", "gost_yescrypt", "yescrypt"];

/** Undefined if no file decides. */
export function hashMethod(
  password: readonly PamModule[],
  encryptMethod: PamSetting | undefined,
): PamSetting | undefined {
  const unix = password.find(({ type, name }) => type === "password" && name === "pam_unix");
  if (unix === undefined) return undefined;
  const option = unix.options.findLast((each) => METHODS.includes(each.toLowerCase()));
  if (option !== undefined) return { value: option.toLowerCase(), source: unix.source };
  const given = encryptMethod?.value.toLowerCase() ?? "";
  const method = METHODS.find((each) => given.startsWith(each));
  return method !== undefined && encryptMethod ? { value: method, source: encryptMethod.source } : undefined;
}
