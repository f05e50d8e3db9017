// The certificate files that the configuration of servers names, with the files that it includes. Each
// program has a row: its files, the names of its settings, and how a line is written.
import { posix } from "node:path";
import { firstOf } from "../first-of.ts";
import { listMatching } from "../glob.ts";
import type { HostFiles } from "../host-files.ts";

interface Program {
  name: string;
  /** Patterns of its main files. */
  files: string[];
  /** Settings whose value is a certificate file or a folder of them; lower case. */
  settings: string[];
  /** Settings whose value is another file to read; lower case. */
  includes?: string[];
  /** The folder of relative paths. Absent: that of the main file. */
  folder?: string;
  /**
   * `statement`: `name value;`. `line`: one `name value` or `name = value` a line. `words`: the setting is
   * anywhere in a line, as `crt FILE` or `cert=FILE`.
   */
  style: "statement" | "line" | "words";
  /** A line that starts with a blank continues the one above. */
  isFolded?: true;
}

const PROGRAMS: Program[] = [
  {
    name: "nginx",
    files: ["/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/usr/local/etc/nginx/nginx.conf"],
    settings: ["ssl_certificate", "proxy_ssl_certificate", "grpc_ssl_certificate", "uwsgi_ssl_certificate"],
    includes: ["include"],
    style: "statement",
  },
  {
    name: "apache",
    files: ["/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/etc/apache2/httpd.conf"],
    settings: ["sslcertificatefile", "sslproxymachinecertificatefile"],
    includes: ["include", "includeoptional"],
    style: "line",
  },
  {
    name: "postfix",
    files: ["/etc/postfix/main.cf"],
    settings: ["smtpd", "smtp", "lmtp"].flatMap((service) =>
      ["cert_file", "eccert_file", "chain_files"].map((file) => `${service}_tls_${file}`),
    ),
    style: "line",
    isFolded: true,
  },
  {
    name: "haproxy",
    files: ["/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg"],
    settings: ["crt"],
    style: "words",
  },
  {
    name: "dovecot",
    files: ["/etc/dovecot/dovecot.conf"],
    settings: ["ssl_cert", "ssl_alt_cert", "ssl_server_cert_file"],
    includes: ["!include", "!include_try"],
    style: "line",
  },
  {
    name: "exim",
    files: ["/etc/exim/exim.conf", "/etc/exim4/exim4.conf", "/etc/exim4/exim4.conf.template"],
    settings: ["tls_certificate"],
    style: "line",
  },
  {
    name: "openldap",
    files: [
      "/etc/ldap/slapd.conf",
      "/etc/openldap/slapd.conf",
      "/etc/ldap/slapd.d/cn=config.ldif",
      "/etc/openldap/slapd.d/cn=config.ldif",
    ],
    settings: ["tlscertificatefile", "olctlscertificatefile"],
    style: "line",
  },
  {
    name: "postgresql",
    files: [
      "/etc/postgresql/*/*/postgresql.conf",
      "/var/lib/pgsql/data/postgresql.conf",
      "/var/lib/pgsql/*/data/postgresql.conf",
    ],
    settings: ["ssl_cert_file"],
    style: "line",
  },
  {
    name: "mysql",
    files: ["/etc/my.cnf", "/etc/my.cnf.d/*.cnf", "/etc/mysql/my.cnf", "/etc/mysql/*/*.cnf"],
    settings: ["ssl-cert", "ssl_cert"],
    style: "line",
  },
  {
    name: "vsftpd",
    files: ["/etc/vsftpd.conf", "/etc/vsftpd/vsftpd.conf"],
    settings: ["rsa_cert_file"],
    style: "line",
  },
  {
    name: "proftpd",
    files: ["/etc/proftpd.conf", "/etc/proftpd/*.conf", "/etc/proftpd/conf.d/*.conf"],
    settings: ["tlsrsacertificatefile", "tlseccertificatefile"],
    style: "line",
  },
  {
    name: "lighttpd",
    files: [
      "/etc/lighttpd/lighttpd.conf",
      "/etc/lighttpd/conf-enabled/*.conf",
      "/etc/lighttpd/conf.d/*.conf",
    ],
    settings: ["ssl.pemfile"],
    style: "line",
  },
  { name: "stunnel", files: ["/etc/stunnel/*.conf"], settings: ["cert"], style: "line" },
  {
    name: "openvpn",
    files: ["/etc/openvpn/*.conf", "/etc/openvpn/*/*.conf"],
    settings: ["cert"],
    style: "line",
  },
  { name: "squid", files: ["/etc/squid/squid.conf"], settings: ["cert", "tls-cert"], style: "words" },
  {
    name: "unbound",
    files: ["/etc/unbound/unbound.conf", "/etc/unbound/unbound.conf.d/*.conf"],
    settings: ["tls-service-pem:", "ssl-service-pem:"],
    style: "line",
  },
  {
    name: "redis",
    files: ["/etc/redis/redis.conf", "/etc/redis.conf"],
    settings: ["tls-cert-file"],
    style: "line",
  },
  {
    name: "mosquitto",
    files: ["/etc/mosquitto/mosquitto.conf", "/etc/mosquitto/conf.d/*.conf"],
    settings: ["certfile"],
    style: "line",
  },
  {
    name: "etcd",
    files: ["/etc/etcd/etcd.conf", "/etc/default/etcd"],
    settings: ["etcd_cert_file", "etcd_peer_cert_file"],
    style: "line",
  },
  { name: "grafana", files: ["/etc/grafana/grafana.ini"], settings: ["cert_file"], style: "line" },
  { name: "cups", files: ["/etc/cups/cups-files.conf"], settings: ["servercertificate"], style: "line" },
  { name: "xrdp", files: ["/etc/xrdp/xrdp.ini"], settings: ["certificate"], style: "line" },
  {
    name: "zabbix",
    files: ["/etc/zabbix/*.conf"],
    settings: ["tlscertfile"],
    style: "line",
  },
  {
    name: "strongswan",
    files: ["/etc/ipsec.conf"],
    settings: ["leftcert"],
    folder: "/etc/ipsec.d/certs",
    style: "line",
  },
];

const MAX_INCLUDED = 1_000;
/** Different patterns of a program. */
const MAX_INCLUDES = 2_000;
const MAX_LINE = 10_000;
const MAX_VALUES = 10_000;

/** Paths of files and folders, with the programs that name them. */
export function listNamedFiles(files: HostFiles): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const program of PROGRAMS)
    for (const path of pathsOf(files, program)) {
      const users = named.get(path) ?? [];
      if (!users.includes(program.name)) named.set(path, [...users, program.name]);
    }
  return named;
}

function pathsOf(files: HostFiles, program: Program): readonly string[] {
  const paths = new Set<string>();
  const noteLimit = (reason: string) =>
    files.noteGap({ kind: "limit", subject: `settings of ${program.name}`, reason });
  const seen = new Set<string>();
  const expanded = new Set<string>();
  const pending = program.files.flatMap((pattern) =>
    listMatching(files, pattern).map((path) => ({ path, folder: program.folder ?? folderOf(program, path) })),
  );
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, folder } = next;
    if (seen.has(path)) continue;
    seen.add(path);
    if (seen.size > MAX_INCLUDED) {
      noteLimit(`more than ${MAX_INCLUDED} included files`);
      break;
    }
    for (const { name, value } of settingsIn(files.findText(path) ?? "", program)) {
      const target = posix.resolve(folder, value);
      if (program.includes?.includes(name)) {
        if (expanded.has(target)) continue;
        if (expanded.size >= MAX_INCLUDES) {
          noteLimit(`more than ${MAX_INCLUDES} patterns of included files`);
          continue;
        }
        expanded.add(target);
        for (const included of includedBy(files, target)) pending.push({ path: included, folder });
      } else paths.add(target);
    }
  }
  return firstOf(files, `certificates of ${program.name}`, [...paths], MAX_VALUES, "read");
}

/** Apache's paths start at its root, above the folder of its file on Red Hat. */
function folderOf({ name }: Program, path: string): string {
  const folder = posix.dirname(path);
  return name === "apache" && posix.basename(folder) === "conf" ? posix.dirname(folder) : folder;
}

/** A folder means all files in it, as in Apache. */
function includedBy(files: HostFiles, pattern: string): string[] {
  return listMatching(files, pattern).flatMap((path) =>
    files.findStat(path)?.kind === "folder" ? files.list(path).map((name) => posix.join(path, name)) : path,
  );
}

/** The settings of the program in a text, with values that can be paths. */
export function settingsIn(
  text: string,
  program: Pick<Program, "settings" | "includes" | "style" | "isFolded">,
) {
  const known = new Set([...program.settings, ...(program.includes ?? [])]);
  const found: { name: string; value: string }[] = [];
  const lines = program.isFolded ? text.replace(/\n[ \t]+/g, " ") : text;
  for (const line of lines.split("\n")) {
    if (line.length > MAX_LINE) continue;
    const content = withoutComment(line);
    const parts = program.style === "statement" ? content.split(/[;{}]/) : [content];
    for (const part of parts) {
      const words = part.split(/[\s,]+/).filter(Boolean);
      if (program.style === "words") found.push(...wordsAfter(words, known));
      else found.push(...valuesOf(part, known));
    }
  }
  return found.filter(({ value }) => value !== "" && !/[$\0]/.test(value));
}

function withoutComment(line: string): string {
  const trimmed = line.trim();
  if (/^[#;]|^\/\//.test(trimmed)) return "";
  const comment = trimmed.search(/\s#/);
  return comment < 0 ? trimmed : trimmed.slice(0, comment);
}

/** `name value`, `name = value`, `name: value`, with several values after commas or blanks. */
function valuesOf(part: string, known: ReadonlySet<string>): { name: string; value: string }[] {
  const text = part.trim();
  const end = text.search(/[\s=]/);
  const name = text.slice(0, end < 0 ? 0 : end).toLowerCase();
  const key = known.has(name) ? name : name.replace(/:$/, "");
  if (!known.has(key)) return [];
  // Dovecot reads the content of a file after `<`.
  const value = text.slice(end).replace(/^\s*=?\s*<?\s*/, "");
  const quoted = /^(["'])(.*?)\1/.exec(value);
  const values = quoted ? [quoted[2]!] : value.split(/[\s,]+/).filter(Boolean);
  return values.map((each) => ({ name: key, value: each }));
}

/** `crt FILE` and `cert=FILE` anywhere in a line. */
function wordsAfter(words: readonly string[], known: ReadonlySet<string>): { name: string; value: string }[] {
  return words.flatMap((word, index) => {
    const [name = "", value] = word.split("=", 2);
    if (!known.has(name.toLowerCase())) return [];
    const path = value ?? words[index + 1] ?? "";
    return { name: name.toLowerCase(), value: path.replace(/^["']|["']$/g, "") };
  });
}
