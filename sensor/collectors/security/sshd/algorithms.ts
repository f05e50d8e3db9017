// Lists of algorithms of sshd_config(5). A list that starts with `+`, `-` or `^` changes the default of the
// version.
import { matchesWildcards } from "../../glob.ts";

const CIPHERS = [
  "3des-cbc",
  "aes128-cbc",
  "aes192-cbc",
  "aes256-cbc",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
];
const HMACS = ["hmac-sha1", "hmac-sha1-96", "hmac-sha2-256", "hmac-sha2-512", "hmac-md5", "hmac-md5-96"];
const MACS = [
  ...HMACS,
  "umac-64@openssh.com",
  "umac-128@openssh.com",
  ...HMACS.map((name) => `${name}-etm@openssh.com`),
  "umac-64-etm@openssh.com",
  "umac-128-etm@openssh.com",
];
const KEX = [
  "diffie-hellman-group1-sha1",
  "diffie-hellman-group14-sha1",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group18-sha512",
  "diffie-hellman-group-exchange-sha1",
  "diffie-hellman-group-exchange-sha256",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "sntrup4591761x25519-sha512@tinyssh.org",
  "sntrup761x25519-sha512",
  "sntrup761x25519-sha512@openssh.com",
  "mlkem768x25519-sha256",
];
const CERTIFICATE = "-cert-v01@openssh.com";
const withCertificate = (name: string) => [name, name.replace("@openssh.com", "") + CERTIFICATE];
const ED25519 = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"].flatMap(withCertificate);
const ECDSA = ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
const SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com";
const WEBAUTHN = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
const SIGNATURES = [
  ...[...ED25519, ...[...ECDSA, SK_ECDSA].flatMap(withCertificate), WEBAUTHN],
  ...["ssh-dss", "ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"].flatMap(withCertificate),
];
/** Before OpenSSH 8.5. */
const OLD_RSA = ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512", "ssh-dss", ...ECDSA, SK_ECDSA];
const OLD_SIGNATURES = [
  ...[...ED25519, ...OLD_RSA, WEBAUTHN],
  ...OLD_RSA.map((name) => withCertificate(name)[1] as string),
];

export type AlgorithmType = "ciphers" | "macs" | "kex" | "signatures";

/** All names that OpenSSH knows, in its order. */
const KNOWN: Record<AlgorithmType, string[]> = {
  ciphers: CIPHERS,
  macs: MACS,
  kex: KEX,
  signatures: SIGNATURES,
};

export function isKnownAlgorithm(type: AlgorithmType, name: string): boolean {
  return KNOWN[type].includes(name);
}

/** Whether sshd accepts the value. Only lists of signatures may have wildcards, except after `-`. */
export function isAlgorithmList(type: AlgorithmType, value: string): boolean {
  if (value.startsWith("-")) return true;
  const names = namesIn(value.replace(/^[+^]/, ""));
  return (
    names.length > 0 &&
    names.every((name) =>
      type === "signatures" && /[*?]/.test(name)
        ? expand(type, name, undefined).length > 0
        : KNOWN[type].includes(name) || (type === "ciphers" && name === "rijndael-cbc@lysator.liu.se"),
    )
  );
}

/** The names that the value stands for, or undefined if the default is needed and not known. */
export function resolveAlgorithms(
  type: AlgorithmType,
  value: string,
  defaults: readonly string[] | undefined,
  version: number | undefined,
): string[] | undefined {
  const sign = /^[+^-]/.exec(value)?.[0];
  if (sign === undefined) return unique(namesIn(value).flatMap((each) => expand(type, each, version)));
  if (defaults === undefined) return undefined;
  const names = namesIn(value.slice(1));
  if (sign === "-") {
    const kept = defaults.filter((name) => !names.some((pattern) => matchesWildcards(pattern, name)));
    // sshd takes an empty list for one that is not set.
    return kept.length > 0 ? kept : [...defaults];
  }
  const listed = names.flatMap((each) => expand(type, each, version));
  return unique(sign === "+" ? [...defaults, ...listed] : [...listed, ...defaults]);
}

/** The names that a pattern stands for, in the order of the version. */
function expand(type: AlgorithmType, name: string, version: number | undefined): string[] {
  if (!/[*?]/.test(name)) return [name];
  const known =
    type === "signatures" && version !== undefined && version < 805 ? OLD_SIGNATURES : KNOWN[type];
  return known.filter(
    (each) => matchesWildcards(name, each) && !(each.startsWith("ssh-dss") && (version ?? 0) >= 1000),
  );
}

function namesIn(list: string): string[] {
  return list.split(",").filter(Boolean);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
