// Rules for passwords and logins: login.defs(5), and the PAM modules that enforce password quality, hash
// passwords and lock accounts.
import type { HostFiles } from "../host-files.ts";
import { type LoginDefinition, readLoginDefs } from "./login-defs.ts";
import { hashMethod } from "./pam/hash.ts";
import { MODULES, readModuleSettings } from "./pam/settings.ts";
import { type PamModule, type PamStack, readPamStack } from "./pam/stack.ts";
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
  "SHA_CRYPT_MAX_ROUNDS",
  "LOGIN_RETRIES",
  "LOGIN_TIMEOUT",
  "FAILLOG_ENAB",
  "LOG_OK_LOGINS",
  "DEFAULT_HOME",
  "HOME_MODE",
];
/** Services that sign users in. On a host without them, the files that other services share. */
const SIGN_IN = {
  services: ["login", "sshd", "su"],
  shared: ["common-auth", "system-auth", "password-auth", "base-auth"],
};
/** Services that change passwords, as above. */
const PASSWORD = {
  services: ["passwd"],
  shared: ["common-password", "system-auth", "password-auth", "base-password"],
};

export function readLoginSettings(files: HostFiles): SecuritySetting[] {
  const definitions = readLoginDefs(files);
  const signIn = readStacks(files, SIGN_IN);
  const password = readStacks(files, PASSWORD);
  return [
    ...LOGIN_DEFS_SETTINGS.flatMap((name) => loginItem(name, definitions.get(name))),
    ...moduleItems(files, [...password, ...signIn]),
    ...unixItems(signIn, password, definitions),
  ];
}

function readStacks(files: HostFiles, { services, shared }: typeof SIGN_IN): PamStack[] {
  const found = services.flatMap((name) => readPamStack(files, name) ?? []);
  return found.length > 0 ? found : shared.flatMap((name) => readPamStack(files, name) ?? []);
}

/** Whether each module is in use, and its settings. */
function moduleItems(files: HostFiles, stacks: readonly PamStack[]): SecuritySetting[] {
  return Object.keys(MODULES).flatMap((module) => {
    const uses = stacks.flatMap(({ modules }) => modules.filter(({ name }) => name === module));
    const settings = readModuleSettings(files, module, uses);
    const shortName = module.slice("pam_".length);
    return [
      ...usage(module, uses, stacks),
      ...[...settings].flatMap(([name, value]) => loginItem(`${shortName} ${name}`, value)),
    ];
  });
}

function usage(module: string, uses: readonly PamModule[], stacks: readonly PamStack[]): SecuritySetting[] {
  const [first] = uses;
  // Other options may be secret.
  const isKnownOption = (option: string) =>
    MODULES[module]?.names.includes(option.split("=", 1)[0] as string);
  if (first) {
    const options = first.options.filter(isKnownOption);
    return [setting("login", module, ["in use", ...options].join(" "), first.source)];
  }
  // It may be in a part that is missing.
  return isKnown(stacks) ? [setting("login", module, "not in use")] : [];
}

function isKnown(stacks: readonly PamStack[]): boolean {
  return stacks.some(({ modules }) => modules.length > 0) && stacks.every(({ isWhole }) => isWhole);
}

/** pam_unix: empty passwords, and how new passwords are hashed. */
function unixItems(
  signIn: readonly PamStack[],
  password: readonly PamStack[],
  definitions: ReadonlyMap<string, LoginDefinition>,
): SecuritySetting[] {
  const unix = signIn
    .flatMap(({ modules }) => modules)
    .filter(({ type, name }) => type === "auth" && name === "pam_unix");
  const empty =
    unix.find(({ options }) => options.includes("nullok")) ??
    unix.find(({ options }) => options.includes("nullok_secure"));
  const value = empty?.options.includes("nullok") ? "yes" : empty ? "on secure terminals" : "no";
  const change = password.find(({ modules }) => modules.some(({ type }) => type === "password"));
  const remember = change?.modules
    .filter(({ type, name }) => type === "password" && name === "pam_unix")
    .flatMap(({ options, source }) => options.map((option) => ({ option, source })));
  const optionItems = ["remember", "rounds", "minlen"].flatMap((name) => {
    const found = remember?.findLast(({ option }) => option.startsWith(`${name}=`));
    return loginItem(
      `pam_unix ${name}`,
      found && { value: found.option.slice(name.length + 1), source: found.source },
    );
  });
  return [
    ...(empty || (unix.length > 0 && isKnown(signIn))
      ? [setting("login", "pam_unix nullok", value, (empty ?? unix[0])?.source)]
      : []),
    ...loginItem("pam_unix hash", hashMethod(change?.modules ?? [], definitions.get("ENCRYPT_METHOD"))),
    ...optionItems,
  ];
}

function loginItem(name: string, found: { value: string; source: string } | undefined): SecuritySetting[] {
  return found === undefined ? [] : [setting("login", name, found.value, found.source)];
}
