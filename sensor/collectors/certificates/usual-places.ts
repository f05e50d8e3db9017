// Files in the folders where administrators and programs keep certificates. Not the trusted roots: they come
// with the system.
import { posix } from "node:path";
import { firstOf } from "../first-of.ts";
import { listMatching } from "../glob.ts";
import type { HostFiles } from "../host-files.ts";

/** With their subfolders. */
const FOLDERS = [
  ...["/etc/ssl", "/etc/pki", "/etc/letsencrypt/live", "/etc/acme", "/var/lib/acme", "/root/.acme.sh"],
  ...["/etc/nginx", "/etc/apache2", "/etc/httpd", "/etc/haproxy", "/etc/caddy", "/var/lib/caddy"],
  ...["/etc/postfix", "/etc/dovecot", "/etc/exim4", "/etc/ldap", "/etc/openldap", "/etc/stunnel"],
  ...[
    "/etc/openvpn",
    "/etc/ipsec.d/certs",
    "/etc/swanctl/x509",
    "/etc/docker/certs.d",
    "/etc/cockpit/ws-certs.d",
  ],
  ...["/etc/kubernetes/pki", "/var/lib/kubelet/pki", "/etc/etcd", "/var/lib/rancher/k3s/server/tls"],
  ...["/etc/elasticsearch/certs", "/etc/grafana", "/etc/gitlab/ssl", "/etc/vault.d", "/etc/consul.d"],
  ...["/etc/puppetlabs/puppet/ssl/certs", "/var/lib/puppet/ssl/certs", "/etc/mysql", "/etc/mosquitto"],
  ...[
    "/etc/freeradius",
    "/etc/raddb/certs",
    "/etc/unbound",
    "/etc/cups/ssl",
    "/usr/local/etc/ssl",
    "/etc/ipa",
  ],
];
const SINGLE = [
  "/var/lib/postgresql/*/*/server.crt",
  "/var/lib/pgsql/data/server.crt",
  "/var/lib/pgsql/*/data/server.crt",
  "/var/lib/mysql/*-cert.pem",
  "/var/lib/mysql/ca.pem",
];
/** Trusted roots, and keys of packages. */
const NOT_OWN = new Set([
  "/etc/pki/ca-trust",
  "/etc/pki/ca-trust-source",
  "/etc/pki/rpm-gpg",
  "/etc/pki/java",
  "/etc/pki/trust",
  "/etc/pki/nssdb",
  "/etc/pki/product",
  "/etc/pki/product-default",
  "/etc/pki/fwupd",
  "/etc/pki/fwupd-metadata",
]);
/** Each system keeps the roots somewhere in or behind these. */
const SHARED_WITH_ROOTS = new Set(["/etc/ssl/certs", "/etc/pki/tls/certs"]);
const OF_ROOTS = /(?:^|\/)(?:ca-certificates|ca-trust)(?:\/|$)/;
const CERTIFICATE_FILE = /\.(?:pem|crt|cer|cert|der)$/i;
const OF_A_CHAIN = new Set(["chain.pem"]);
const MAX_DEPTH = 6;
const MAX_FILES = 20_000;

export function listUsualFiles(files: HostFiles): readonly string[] {
  const found = SINGLE.flatMap((pattern) => listMatching(files, pattern));
  for (const folder of FOLDERS) walk(files, folder, 0, found);
  return firstOf(files, "files of certificates", found, MAX_FILES, "read");
}

function walk(files: HostFiles, folder: string, depth: number, found: string[]): void {
  if (depth > MAX_DEPTH || NOT_OWN.has(folder)) return;
  const isShared = SHARED_WITH_ROOTS.has(folder);
  if (isShared && OF_ROOTS.test(files.findRealPath(folder) ?? "")) return;
  for (const { name, kind } of files.listEntries(folder)) {
    const path = posix.join(folder, name);
    if (kind === "folder") walk(files, path, depth + 1, found);
    else if (!CERTIFICATE_FILE.test(name) || OF_A_CHAIN.has(name)) continue;
    // Links there are to the roots. Elsewhere, they are to the files of the current certificate.
    else if (kind === "file" || (kind === "link" && !isShared && files.findStat(path)?.kind === "file"))
      found.push(path);
  }
}
