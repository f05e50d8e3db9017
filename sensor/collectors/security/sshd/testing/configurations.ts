// Random configurations of sshd: mostly valid, some slightly broken.
import fc from "fast-check";

export interface RandomConfiguration {
  /** The main file is `main`, the others are in the folder `parts`. */
  files: Record<string, string>;
}

const FLAGS = [
  ...[
    "PasswordAuthentication",
    "PermitEmptyPasswords",
    "PubkeyAuthentication",
    "KbdInteractiveAuthentication",
  ],
  ...["HostbasedAuthentication", "GSSAPIAuthentication", "KerberosAuthentication", "AllowAgentForwarding"],
  ...["X11Forwarding", "X11UseLocalhost", "DisableForwarding", "PermitTTY", "PermitUserRC", "ExposeAuthInfo"],
];
const GLOBAL_FLAGS = [
  ...["StrictModes", "UsePAM", "UseDNS", "TCPKeepAlive", "PrintLastLog", "IgnoreUserKnownHosts", "KeepAlive"],
  ...["ChallengeResponseAuthentication", "GSSAPICleanupCredentials", "DSAAuthentication", "PrintMotd"],
];
const CIPHERS = ["aes128-ctr", "aes256-ctr", "aes256-cbc", "chacha20-poly1305@openssh.com", "3des-cbc"];
const MACS = ["hmac-sha2-256", "hmac-sha1", "hmac-md5", "umac-64-etm@openssh.com"];
const KEX = ["curve25519-sha256", "diffie-hellman-group14-sha1", "ecdh-sha2-nistp256"];
const SIGNATURES = [
  "ssh-rsa",
  "ssh-ed25519",
  "rsa-sha2-512",
  "ecdsa-sha2-nistp256",
  "ssh-*",
  "*-cert-v01@openssh.com",
];

const word = (...words: string[]) => fc.constantFrom(...words);
const flag = word("yes", "no", "YES", "No", "yes", "no", "true", "1", "maybe");
const integer = word("0", "1", "6", "10", "007", "2147483647", "2147483648", "-1", "x", "3m");
const time = word("0", "30", "2m", "1h30m", "1H", "1w2d3h4m5s", "90s", "2x", "m", "1m30", "");
const list = (names: string[]) =>
  fc
    .tuple(
      word("", "", "+", "-", "^"),
      fc.array(word(...names, "aes*", "nothing"), { minLength: 1, maxLength: 3 }),
    )
    .map(([sign, chosen]) => sign + chosen.join(","));
const user = word("alice", "bob", "a*", "alice@10.0.0.0/8", "alice@10.0.0.1/8", "@wheel", "!root");
const someOf = (words: fc.Arbitrary<string>) =>
  fc.array(words, { minLength: 1, maxLength: 3 }).map((chosen) => chosen.join(" "));

const setting = (names: string[], value: fc.Arbitrary<string>) =>
  fc.tuple(word(...names), value).map(([name, chosen]) => ({ name, value: chosen }));

/** Keywords that Match blocks may have. */
const inMatch = fc.oneof(
  { weight: 6, arbitrary: setting(FLAGS, flag) },
  setting(
    ["PermitRootLogin"],
    word("yes", "no", "without-password", "prohibit-password", "forced-commands-only", "Yes", "maybe"),
  ),
  setting(
    ["AllowTcpForwarding", "AllowStreamLocalForwarding"],
    word("yes", "all", "no", "local", "remote", "on"),
  ),
  setting(["GatewayPorts"], word("yes", "no", "clientspecified")),
  setting(["PermitTunnel"], word("yes", "no", "point-to-point", "ethernet", "Yes")),
  setting(["MaxAuthTries", "MaxSessions", "ClientAliveCountMax"], integer),
  setting(["ClientAliveInterval"], time),
  setting(["LogLevel"], word("INFO", "debug", "DEBUG1", "debug3", "verbose", "loud")),
  setting(["AllowUsers", "DenyUsers"], someOf(user)),
  setting(["AllowGroups", "DenyGroups"], someOf(word("wheel", "sudo", "a*"))),
  setting(["AcceptEnv"], someOf(word("LANG", "LC_*", "A=B"))),
  setting(["AuthenticationMethods"], word("any")),
  setting(["AuthenticationMethods"], someOf(word("publickey", "publickey,password", "password:x"))),
  setting(["AuthorizedKeysFile"], someOf(word("none", ".ssh/keys", "/etc/keys/%u"))),
  setting(["Banner", "TrustedUserCAKeys", "RevokedKeys"], word("none", "NONE", "/etc/issue", "relative")),
  setting(["PermitOpen"], word("any", "none", "[::1]:*", "host", "*:99999", "host:22 x:1")),
  setting(["PermitListen"], word("any", "none", "8080", "host:22", "*", "1 host:2")),
  setting(["ForceCommand"], word("none", "/bin/true", "internal-sftp", "/bin/echo 'a b'")),
  setting(["PubkeyAcceptedKeyTypes", "HostbasedAcceptedKeyTypes"], list(SIGNATURES)),
  setting(["IgnoreRhosts"], word("yes", "no", "shosts-only")),
  setting(["AuthorizedKeysCommandUser", "ChrootDirectory"], word("none", "daemon", "/srv/%u")),
  setting(["PubkeyAuthOptions"], word("none", "touch-required", "verify-required touch-required", "x")),
);

const onlyGlobal = fc.oneof(
  { weight: 4, arbitrary: setting(GLOBAL_FLAGS, flag) },
  setting(["Port"], word("22", "2222", "022", "0", "65536", "sshx", "-1")),
  setting(
    ["ListenAddress"],
    word("127.0.0.1", "127.0.0.1:99", "[::1]", "[::1]:99", "::1", "0.0.0.0", "127.0.0.1:x"),
  ),
  setting(["AddressFamily"], word("any", "INET", "inet")),
  setting(["LoginGraceTime"], time),
  setting(["MaxStartups"], word("10", "10:30:100", "5:0:9", "9:30:5", "x", "10:30", "3:100:3")),
  setting(["SyslogFacility"], word("AUTH", "auth", "local7", "LOCAL8")),
  setting(["Compression"], word("yes", "no", "delayed", "zlib")),
  setting(["FingerprintHash"], word("md5", "sha256", "SHA1")),
  setting(["VersionAddendum"], word("none", "NONE", "a b", "x # y")),
  setting(["RekeyLimit"], word("default", "1G", "8", "1.5M", "1X", "16b")),
  setting(["PermitUserEnvironment"], word("yes", "no", "LANG,LC_*")),
  setting(["Ciphers"], list(CIPHERS)),
  setting(["MACs"], list(MACS)),
  setting(["KexAlgorithms"], list(KEX)),
  setting(["HostKeyAlgorithms"], list(SIGNATURES)),
  setting(["Protocol", "UsePrivilegeSeparation", "RSAAuthentication"], word("2", "yes")),
  setting(["NoSuchKeyword", "PermitRootlogins"], word("yes", "no")),
);

interface Style {
  indent: string;
  separator: string;
  end: string;
  quote: string;
  isUpper: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  indent: word("", "", "", " ", "\t", " \t "),
  separator: word(" ", " ", " ", "\t", "=", " = ", "  ", " =", "= "),
  end: word("", "", "", "", " ", "\r", "\f", " # comment", "#", " x"),
  quote: word("", "", "", "", '"', "'", "word", "key", "open", "escape"),
  isUpper: fc.boolean(),
});

function written({ name, value }: { name: string; value: string }, styled: Style): string {
  const keyword = styled.isUpper ? name.toUpperCase() : name;
  const shown: Record<string, [string, string]> = {
    '"': [keyword, `"${value}"`],
    "'": [keyword, `'${value}'`],
    word: [keyword, value.replace(/^\S+/, (first) => `"${first}"`)],
    key: [`"${keyword}"`, value],
    open: [keyword, `"${value}`],
    escape: [keyword, value.replace(/^./, (first) => `\\${first}`)],
  };
  // Versions differ in where the host of a user starts if the word has several `@`.
  const isQuotable = !value.includes("@") || !value.includes(" ");
  const [left, right] = (isQuotable && shown[styled.quote]) || [keyword, value];
  return styled.indent + left + styled.separator + right + styled.end;
}

const criteria = word(
  ...["User alice", "User bob", "user alice,bob", "Address 10.0.0.0/8", "Address 192.168.0.0/16", "Host h*"],
  ...["User alice Address 10.0.0.0/8", "LocalPort 22", "LocalPort 2200", 'User "alice"', "User=alice", "all"],
  ...["all User x", "Nothing x", "User", "Address 10.0.0.1/8", "Group nogroup", "user a* host h", "All # x"],
);

const SIMPLE: Style = { indent: "", separator: " ", end: "", quote: "", isUpper: false };

/** Most lines are plain, so that most of them are valid. */
const line = (settings: fc.Arbitrary<{ name: string; value: string }>) =>
  fc
    .tuple(settings, fc.oneof({ weight: 7, arbitrary: fc.constant(SIMPLE) }, { weight: 3, arbitrary: style }))
    .map(([chosen, styled]) => written(chosen, styled));

const include = word(
  "Include @/parts/*.conf",
  "Include @/parts/a.conf",
  "Include @/parts/?.conf @/parts/c.conf",
  'Include "@/parts/b.conf"',
  "Include @/p*/[bc].conf",
  "Include @/parts/none.conf",
  "include=@/parts/a.conf",
);

/** Present in one of `cases`. */
const maybe = (arbitrary: fc.Arbitrary<string>, cases: number) =>
  fc.oneof({ weight: cases - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const globalLine = fc.oneof(
  { weight: 8, arbitrary: line(inMatch) },
  { weight: 6, arbitrary: line(onlyGlobal) },
  { weight: 1, arbitrary: word("", "# comment", "  # comment", "Port", "=", '"', "\t") },
);
const matchLine = fc.oneof(
  { weight: 20, arbitrary: line(inMatch) },
  { weight: 1, arbitrary: line(onlyGlobal) },
);

const block = fc
  .tuple(criteria, fc.array(matchLine, { maxLength: 3 }), maybe(include, 8))
  .map(([chosen, lines, included]) => [`Match ${chosen}`, ...lines, ...(included ? [included] : [])]);

const text = (withInclude: boolean) =>
  fc
    .tuple(
      fc.array(globalLine, { maxLength: 5 }),
      maybe(include, withInclude ? 2 : 30),
      fc.array(globalLine, { maxLength: 2 }),
      fc.array(block, { maxLength: 3 }),
    )
    .map(([before, included, after, blocks]) =>
      [...before, ...(included ? [included] : []), ...after, ...blocks.flat(), ""].join("\n"),
    );

export const configurations: fc.Arbitrary<RandomConfiguration> = fc
  .tuple(text(true), text(false), text(false), text(false))
  .map(([main, a, b, c]) => ({
    files: { main, "parts/a.conf": a, "parts/b.conf": b, "parts/c.conf": c },
  }));
