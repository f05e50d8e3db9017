// The settings of OpenSSH's server that the inventory reports, with the defaults of sshd_config(5) (OpenSSH
// 9).

export interface SshdSetting {
  name: string;
  /**
   * The default value. Undefined: the setting is not reported unless it is set, because its default is empty
   * or depends on the version.
   */
  fallback?: string;
  /** All lines count, not only the first one. */
  isList?: boolean;
  /** A time, reported in seconds. */
  isTime?: boolean;
}

export const SSHD_SETTINGS: SshdSetting[] = [
  { name: "Port", fallback: "22", isList: true },
  { name: "ListenAddress", isList: true },
  { name: "PermitRootLogin", fallback: "prohibit-password" },
  { name: "PasswordAuthentication", fallback: "yes" },
  { name: "PermitEmptyPasswords", fallback: "no" },
  { name: "KbdInteractiveAuthentication", fallback: "yes" },
  { name: "PubkeyAuthentication", fallback: "yes" },
  { name: "HostbasedAuthentication", fallback: "no" },
  { name: "GSSAPIAuthentication", fallback: "no" },
  { name: "KerberosAuthentication", fallback: "no" },
  { name: "AuthenticationMethods", fallback: "any" },
  { name: "IgnoreRhosts", fallback: "yes" },
  { name: "UsePAM", fallback: "no" },
  { name: "StrictModes", fallback: "yes" },
  { name: "MaxAuthTries", fallback: "6" },
  { name: "MaxSessions", fallback: "10" },
  { name: "MaxStartups", fallback: "10:30:100" },
  { name: "LoginGraceTime", fallback: "120", isTime: true },
  { name: "ClientAliveInterval", fallback: "0", isTime: true },
  { name: "ClientAliveCountMax", fallback: "3" },
  { name: "AllowTcpForwarding", fallback: "yes" },
  { name: "AllowAgentForwarding", fallback: "yes" },
  { name: "AllowStreamLocalForwarding", fallback: "yes" },
  { name: "GatewayPorts", fallback: "no" },
  { name: "PermitTunnel", fallback: "no" },
  { name: "X11Forwarding", fallback: "no" },
  { name: "PermitUserEnvironment", fallback: "no" },
  { name: "LogLevel", fallback: "INFO" },
  { name: "Banner", fallback: "none" },
  { name: "AuthorizedKeysFile", fallback: ".ssh/authorized_keys .ssh/authorized_keys2" },
  { name: "AuthorizedKeysCommand", fallback: "none" },
  { name: "TrustedUserCAKeys", fallback: "none" },
  { name: "AllowUsers", isList: true },
  { name: "AllowGroups", isList: true },
  { name: "DenyUsers", isList: true },
  { name: "DenyGroups", isList: true },
  { name: "Ciphers" },
  { name: "MACs" },
  { name: "KexAlgorithms" },
  { name: "HostKeyAlgorithms" },
  { name: "PubkeyAcceptedAlgorithms" },
  { name: "RequiredRSASize" },
];

/** Older names of settings, lower case. */
export const SSHD_SYNONYMS: Record<string, string> = {
  challengeresponseauthentication: "kbdinteractiveauthentication",
  skeyauthentication: "kbdinteractiveauthentication",
  pubkeyacceptedkeytypes: "pubkeyacceptedalgorithms",
  dsaauthentication: "pubkeyauthentication",
};
