// The keywords of sshd_config(5) in OpenSSH 5.3 to 10.2, with those that Debian and Red Hat add.
import type { SshdType } from "./values.ts";

export interface SshdKeyword {
  name: string;
  type: SshdType;
  /** Also allowed in Match blocks. A version: since that version. */
  inMatch: boolean | number;
  /** The first version that has it. */
  since: number;
  /**
   * "first": the first line of the configuration counts (the usual rule). "last": the last one. "all": the
   * words of all lines.
   */
  rule: "first" | "last" | "all";
  /**
   * The default value, by the first version that has it, oldest first. Undefined: it is empty, or depends on
   * how sshd was built.
   */
  defaults: [since: number, value: string][];
}

/** Versions are written as numbers: 8.4 → 804, 10.0 → 1000. */
export function versionNumber(major: number, minor: number): number {
  return major * 100 + minor;
}

type Options = Partial<Pick<SshdKeyword, "since" | "rule" | "inMatch">>;
type Defaults = string | SshdKeyword["defaults"] | undefined;

function everywhere(name: string, type: SshdType, defaults?: Defaults, options?: Options): SshdKeyword {
  return keyword(name, type, true, defaults, options);
}

function onlyGlobal(name: string, type: SshdType, defaults?: Defaults, options?: Options): SshdKeyword {
  return keyword(name, type, false, defaults, options);
}

function keyword(
  name: string,
  type: SshdType,
  inMatch: boolean,
  defaults: Defaults,
  options: Options = {},
): SshdKeyword {
  const list = typeof defaults === "string" ? [[options.since ?? 0, defaults] as [number, string]] : defaults;
  return { name, type, inMatch, since: 0, rule: "first", defaults: list ?? [], ...options };
}

/** In the order of the report. */
export const REPORTED: SshdKeyword[] = [
  onlyGlobal("Port", "port", "22", { rule: "all" }),
  onlyGlobal("AddressFamily", ["any", "inet", "inet6"], "any"),
  onlyGlobal("ListenAddress", "listen", undefined, { rule: "all" }),
  everywhere(
    "PermitRootLogin",
    ["yes", "no", "prohibit-password", "forced-commands-only", "without-password=prohibit-password"],
    [
      [500, "yes"],
      [700, "prohibit-password"],
    ],
  ),
  everywhere("PasswordAuthentication", "flag", "yes"),
  everywhere("PermitEmptyPasswords", "flag", "no"),
  everywhere("KbdInteractiveAuthentication", "flag", "yes"),
  everywhere("PubkeyAuthentication", "flag", "yes"),
  everywhere("PubkeyAuthOptions", "options", "none", { since: 802 }),
  everywhere("HostbasedAuthentication", "flag", "no"),
  everywhere("HostbasedUsesNameFromPacketOnly", "flag", "no"),
  everywhere("GSSAPIAuthentication", "flag", "no"),
  onlyGlobal("GSSAPICleanupCredentials", "flag", "yes"),
  onlyGlobal("GSSAPIStrictAcceptorCheck", "flag", "yes"),
  onlyGlobal("GSSAPIKeyExchange", "flag"),
  everywhere("KerberosAuthentication", "flag", "no"),
  onlyGlobal("KerberosOrLocalPasswd", "flag", "yes"),
  onlyGlobal("KerberosTicketCleanup", "flag", "yes"),
  everywhere("AuthenticationMethods", "methods", "any", { since: 602 }),
  everywhere("IgnoreRhosts", ["yes", "no", "shosts-only"], "yes", { inMatch: 802 }),
  onlyGlobal("IgnoreUserKnownHosts", "flag", "no"),
  onlyGlobal("UsePAM", "flag", "no"),
  onlyGlobal("UseDNS", "flag", [
    [0, "yes"],
    [608, "no"],
  ]),
  onlyGlobal("StrictModes", "flag", "yes"),
  everywhere("MaxAuthTries", "integer", "6"),
  everywhere("MaxSessions", "integer", "10"),
  onlyGlobal("MaxStartups", "startups", [[602, "10:30:100"]], { rule: "last" }),
  onlyGlobal("PerSourceMaxStartups", "limit", "none", { since: 805, rule: "last" }),
  onlyGlobal("LoginGraceTime", "time", "120"),
  everywhere("ClientAliveInterval", "time", "0"),
  everywhere("ClientAliveCountMax", "integer", "3"),
  onlyGlobal("TCPKeepAlive", "flag", "yes"),
  everywhere("UnusedConnectionTimeout", "timeout", "none", { since: 902 }),
  everywhere("RekeyLimit", "rekey", "0 0", { since: 603 }),
  onlyGlobal("Compression", ["yes", "no", "delayed=yes"], [[704, "yes"]]),
  everywhere("DisableForwarding", "flag", "no", { since: 704 }),
  everywhere("AllowTcpForwarding", ["yes", "no", "remote", "local", "all=yes"], "yes"),
  everywhere("AllowAgentForwarding", "flag", "yes"),
  everywhere("AllowStreamLocalForwarding", ["yes", "no", "remote", "local", "all=yes"], "yes", {
    since: 607,
  }),
  everywhere("GatewayPorts", ["yes", "no", "clientspecified"], "no"),
  everywhere("PermitOpen", "opens", "any"),
  everywhere("PermitListen", "listens", "any", { since: 708 }),
  everywhere("PermitTunnel", "tunnel", "no"),
  everywhere("StreamLocalBindUnlink", "flag", "no", { since: 607 }),
  everywhere("X11Forwarding", "flag", "no"),
  everywhere("X11UseLocalhost", "flag", "yes"),
  onlyGlobal("PermitUserEnvironment", "environment", "no"),
  everywhere("PermitUserRC", "flag", "yes", { since: 607 }),
  everywhere("PermitTTY", "flag", "yes", { since: 604 }),
  everywhere("ExposeAuthInfo", "flag", "no", { since: 706 }),
  everywhere("ForceCommand", "command", "none"),
  everywhere("ChrootDirectory", "word", "none"),
  onlyGlobal("SyslogFacility", "facility", "AUTH"),
  everywhere("LogLevel", "level", "INFO"),
  onlyGlobal("FingerprintHash", ["MD5", "SHA1", "SHA256", "SHA384", "SHA512"], "SHA256", {
    since: 608,
    rule: "last",
  }),
  onlyGlobal("PrintLastLog", "flag", "yes"),
  onlyGlobal("VersionAddendum", "text", "none"),
  onlyGlobal("DebianBanner", "flag"),
  everywhere("Banner", "path", "none"),
  everywhere("AuthorizedKeysFile", "words", [[509, ".ssh/authorized_keys .ssh/authorized_keys2"]]),
  everywhere("AuthorizedKeysCommand", "program", "none", { since: 602 }),
  everywhere("AuthorizedKeysCommandUser", "word", "none", { since: 602 }),
  everywhere("AuthorizedPrincipalsFile", "word", "none", { since: 506 }),
  everywhere("AuthorizedPrincipalsCommand", "program", "none", { since: 609 }),
  everywhere("AuthorizedPrincipalsCommandUser", "word", "none", { since: 609 }),
  everywhere("TrustedUserCAKeys", "path", "none", { since: 504 }),
  everywhere("RevokedKeys", "path", "none", { since: 504 }),
  onlyGlobal("HostKey", "path", undefined, { rule: "all" }),
  everywhere("AllowUsers", "users", undefined, { rule: "all" }),
  everywhere("AllowGroups", "words", undefined, { rule: "all" }),
  everywhere("DenyUsers", "users", undefined, { rule: "all" }),
  everywhere("DenyGroups", "words", undefined, { rule: "all" }),
  everywhere("AcceptEnv", "names", undefined, { rule: "all" }),
  everywhere("SetEnv", "assignments", undefined, { since: 708 }),
  keyword("Subsystem", "subsystem", false, undefined, { rule: "all", inMatch: 905 }),
  onlyGlobal("Ciphers", "ciphers"),
  onlyGlobal("MACs", "macs"),
  onlyGlobal("KexAlgorithms", "kex"),
  onlyGlobal("HostKeyAlgorithms", "signatures"),
  everywhere("PubkeyAcceptedAlgorithms", "signatures"),
  everywhere("HostbasedAcceptedAlgorithms", "signatures"),
  everywhere("CASignatureAlgorithms", "signatures", undefined, { since: 709 }),
  everywhere("RequiredRSASize", "integer", "1024", { since: 901 }),
  everywhere("RefuseConnection", "flag", "no", { since: 909 }),
];

/** Understood, but not reported. */
const OTHERS: SshdKeyword[] = [
  everywhere("ChannelTimeout", "anything", undefined, { since: 902 }),
  everywhere("IPQoS", "anything", undefined, { since: 506 }),
  everywhere("LogVerbose", "anything", undefined, { since: 805 }),
  everywhere("RDomain", "anything", undefined, { since: 707 }),
  everywhere("StreamLocalBindMask", "anything", undefined, { since: 607 }),
  everywhere("X11DisplayOffset", "integer"),
  everywhere("PAMServiceName", "word", undefined, { since: 908 }),
  everywhere("GSSAPIEnablek5users", "flag"),
  everywhere("KerberosUseKuserok", "flag"),
  onlyGlobal("GSSAPIKexAlgorithms", "anything"),
  onlyGlobal("GSSAPIStoreCredentialsOnRekey", "flag"),
  onlyGlobal("HostCertificate", "path", undefined, { since: 504 }),
  onlyGlobal("HostKeyAgent", "path", undefined, { since: 603 }),
  onlyGlobal("KerberosGetAFSToken", "anything"),
  onlyGlobal("ModuliFile", "path", undefined, { since: 805 }),
  onlyGlobal("PerSourceNetBlockSize", "anything", undefined, { since: 805 }),
  onlyGlobal("PerSourcePenalties", "anything", undefined, { since: 908 }),
  onlyGlobal("PerSourcePenaltyExemptList", "anything", undefined, { since: 908 }),
  onlyGlobal("PidFile", "path"),
  onlyGlobal("PrintMotd", "flag"),
  onlyGlobal("SecurityKeyProvider", "path", undefined, { since: 802 }),
  onlyGlobal("ShowPatchLevel", "flag"),
  onlyGlobal("SshdAuthPath", "path", undefined, { since: 1000 }),
  onlyGlobal("SshdSessionPath", "path", undefined, { since: 908 }),
  onlyGlobal("XAuthLocation", "path"),
  // Without effect.
  everywhere("AuthorizedKeysFile2", "anything"),
  everywhere("RhostsRSAAuthentication", "anything"),
  everywhere("RSAAuthentication", "anything"),
  ...[
    "AFSTokenPassing",
    "CheckMail",
    "KerberosTgtPassing",
    "KeyRegenerationInterval",
    "PAMAuthenticationViaKbdInt",
    "Protocol",
    "ReverseMappingCheck",
    "RhostsAuthentication",
    "ServerKeyBits",
    "UseLogin",
    "UsePrivilegeSeparation",
    "VerifyReverseMapping",
  ].map((name) => onlyGlobal(name, "anything")),
];

/** Older names, in lower case. */
const ALIASES: Record<string, string> = {
  hostdsakey: "hostkey",
  dsaauthentication: "pubkeyauthentication",
  keepalive: "tcpkeepalive",
  pubkeyacceptedkeytypes: "pubkeyacceptedalgorithms",
  hostbasedacceptedkeytypes: "hostbasedacceptedalgorithms",
  rsaminsize: "requiredrsasize",
};
/** Older names of keyboard-interactive authentication. Before OpenSSH 8.7 they are a separate setting. */
export const CHALLENGE_RESPONSE = ["challengeresponseauthentication", "skeyauthentication"];
const ONE_KEYBOARD_SETTING = 807;

const KEYWORDS = new Map([...REPORTED, ...OTHERS].map((each) => [each.name.toLowerCase(), each]));

/** Finds a keyword by a name in lower case. */
export function findKeyword(name: string): SshdKeyword | undefined {
  if (CHALLENGE_RESPONSE.includes(name)) return KEYWORDS.get("kbdinteractiveauthentication");
  return KEYWORDS.get(ALIASES[name] ?? name);
}

/** Whether a Match block may have a keyword by this name. `version` undefined: in any version. */
export function isAllowedInMatch(
  name: string,
  { inMatch }: SshdKeyword,
  version: number | undefined,
): boolean {
  if (name === "dsaauthentication") return false;
  if (CHALLENGE_RESPONSE.includes(name)) return hasOneKeyboardSetting(version);
  return typeof inMatch === "boolean" ? inMatch : (version ?? inMatch) >= inMatch;
}

export function hasOneKeyboardSetting(version: number | undefined): boolean {
  return (version ?? ONE_KEYBOARD_SETTING) >= ONE_KEYBOARD_SETTING;
}
