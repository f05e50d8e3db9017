// OpenSSH's default lists of algorithms: those in the program itself, or those of its version.
import { type AlgorithmType, isKnownAlgorithm } from "./algorithms.ts";

/** The lists by type; "ca" is that of CASignatureAlgorithms. */
export type AlgorithmDefaults = Partial<Record<AlgorithmType | "ca", string[]>>;

/** A part of each list, not at its end. A search for it takes less time than a look at all strings. */
const PARTS = [",aes192-ctr,", ",hmac-sha2-256,", ",ecdh-sha2-nistp384,", ",ecdsa-sha2-nistp384,"];
const MAX_LIST = 4_096;
const MAX_STRINGS = 100;

/** Finds the lists among the strings of the program: they differ between builds of one version. */
export function findAlgorithmLists(program: Buffer): AlgorithmDefaults {
  const found: AlgorithmDefaults = {};
  for (const text of PARTS.flatMap((part) => stringsWith(program, part))) {
    const names = text.split(",");
    const type = typeOf(names);
    if (type && names.length > (found[type]?.length ?? 3)) found[type] = names;
  }
  // A linker may store one string as the end of another.
  if (found.signatures) found.ca ??= found.signatures.filter((name) => !name.includes("-cert-"));
  return found;
}

/** The strings of a program that have a part: they end with a NUL. */
export function stringsWith(program: Buffer, part: string): string[] {
  const found: string[] = [];
  let at = program.indexOf(part);
  for (let count = 0; at >= 0 && count < MAX_STRINGS; count += 1) {
    // A file that is no program may have no NUL at all.
    const from = Math.max(0, at - MAX_LIST);
    const start = program.subarray(from, at).lastIndexOf(0) + 1;
    const end = program.subarray(at, at + MAX_LIST).indexOf(0);
    if (end >= 0 && (start > 0 || from === 0)) found.push(program.toString("latin1", from + start, at + end));
    at = program.indexOf(part, at + Math.max(end, part.length));
  }
  return found;
}

function typeOf(names: readonly string[]): AlgorithmType | "ca" | undefined {
  const types: AlgorithmType[] = ["ciphers", "macs", "kex", "signatures"];
  const type = types.find((each) => names.every((name) => isKnownAlgorithm(each, name)));
  return type === "signatures" && !names.some((name) => name.includes("-cert-")) ? "ca" : type;
}

const CURVES = [
  ...["curve25519-sha256", "curve25519-sha256@libssh.org"],
  ...["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"],
];
const GROUPS = [
  ...["diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512"],
  ...["diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"],
];
const NTRU = "sntrup761x25519-sha512@openssh.com";
/** By the first version that has them, newest first. */
const KEX: [since: number, names: string[]][] = [
  [1000, ["mlkem768x25519-sha256", "sntrup761x25519-sha512", NTRU, ...CURVES]],
  [909, ["sntrup761x25519-sha512", NTRU, "mlkem768x25519-sha256", ...CURVES, ...GROUPS]],
  [900, [NTRU, ...CURVES, ...GROUPS]],
  [809, [...CURVES, NTRU, ...GROUPS]],
  [802, [...CURVES, ...GROUPS]],
  [704, [...CURVES, ...GROUPS, "diffie-hellman-group14-sha1"]],
];
const GCM = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"];
const CTR = ["aes128-ctr", "aes192-ctr", "aes256-ctr"];
const CIPHERS: [since: number, names: string[]][] = [
  [1000, ["chacha20-poly1305@openssh.com", ...GCM, ...CTR]],
  [704, ["chacha20-poly1305@openssh.com", ...CTR, ...GCM]],
];
const HMACS = ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"];
const MACS: [since: number, names: string[]][] = [
  [
    704,
    [
      ...["umac-64", "umac-128", ...HMACS].map((name) => `${name}-etm@openssh.com`),
      ...["umac-64@openssh.com", "umac-128@openssh.com", ...HMACS],
    ],
  ],
];
const ECDSA = ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
const RSA = ["rsa-sha2-512", "rsa-sha2-256"];
const KEYS = [
  ...["ssh-ed25519", ...ECDSA],
  ...["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", ...RSA],
];
const OLD_KEYS = [
  ...[...ECDSA, "sk-ecdsa-sha2-nistp256@openssh.com"],
  ...["ssh-ed25519", "sk-ssh-ed25519@openssh.com", ...RSA],
];
const SIGNATURES: [since: number, names: string[]][] = [
  [808, withCertificates(KEYS)],
  [805, withCertificates([...KEYS, "ssh-rsa"])],
  [802, withCertificates([...OLD_KEYS, "ssh-rsa"])],
];
const CA: [since: number, names: string[]][] = [
  [805, KEYS],
  [802, OLD_KEYS],
];
/** The defaults of newer versions are not known. */
const NEWEST = 1002;

function withCertificates(names: readonly string[]): string[] {
  const certificates = names.map((name) => `${name.replace("@openssh.com", "")}-cert-v01@openssh.com`);
  return [...certificates, ...names];
}

export function algorithmListsOf(version: number | undefined): AlgorithmDefaults {
  if (version === undefined || version > NEWEST) return {};
  const at = (lists: [since: number, names: string[]][]) => lists.find(([since]) => since <= version)?.[1];
  return { ciphers: at(CIPHERS), macs: at(MACS), kex: at(KEX), signatures: at(SIGNATURES), ca: at(CA) };
}
