// The certificate of this server: from the operator's files, or from the private CA and renewed
// automatically.
import type { Logger } from "pino";
import type { Database } from "../db/schema.ts";
import { issueServerCertificate, type Roots, requireRoots } from "./certificates.ts";
import { readTlsFiles, requireInForce } from "./tls-files.ts";
import { pinOf, RENEWED_BEFORE_MS, type ServerCertificate } from "./x509.ts";

const DAY_MS = 86_400_000;
const WARNED_BEFORE_MS = 14 * DAY_MS;

/** A certificate, and the roots of the private CA. */
export interface TlsState {
  certificate: ServerCertificate;
  /** undefined: the certificate is from the operator's files. */
  roots: (Roots & { pins: string[] }) | undefined;
}

export interface ServerTls {
  certificate(): ServerCertificate;
  /** The roots of the private CA; undefined: the certificate is from the operator's files. */
  roots(): (Roots & { pins: string[] }) | undefined;
  /**
   * Renews a certificate that expires soon, or warns once a day about the operator's. Follows a rotation of
   * the CA. Returns true if the certificate has changed.
   */
  renew(): Promise<boolean>;
  /** Reads the operator's files again. Throws if they cannot be used, and keeps the current certificate. */
  reload(): Promise<boolean>;
}

export interface TlsSource {
  db: Database;
  now: () => number;
  secret: string;
  /** The operator's files; undefined: the private CA issues the certificate. */
  files: { certificate: string; key: string } | undefined;
  /** The names and addresses by which sensors may reach this server. */
  names: readonly string[];
  log: Logger;
}

export async function openServerTls({ db, now, secret, files, names, log }: TlsSource): Promise<ServerTls> {
  const withPins = (roots: Roots) => ({ ...roots, pins: roots.certificates.map(pinOf) });
  const read = () => readTlsFiles(files!.certificate, files!.key);
  let roots = files ? undefined : withPins(await requireRoots(db, now(), secret));
  let current = files ? read() : await issueServerCertificate(db, now(), secret, names);
  let warnedAt = Number.NEGATIVE_INFINITY;
  const warnWhenNearEnd = () => {
    if (!files || current.expiresAt - now() > WARNED_BEFORE_MS || now() - warnedAt < DAY_MS) return;
    warnedAt = now();
    const about = { file: files.certificate, until: new Date(current.expiresAt).toISOString() };
    if (current.expiresAt <= now())
      log.error(about, "the certificate has expired, and clients reject it: renew it, then send SIGHUP");
    else log.warn(about, "the certificate expires soon: renew it, then send SIGHUP");
  };
  warnWhenNearEnd();
  async function renew(): Promise<boolean> {
    warnWhenNearEnd();
    if (!roots) return false;
    const latest = withPins(await requireRoots(db, now(), secret));
    const isSame = latest.pins.join() === roots.pins.join();
    if (isSame && current.expiresAt - now() > RENEWED_BEFORE_MS) return false;
    current = await issueServerCertificate(db, now(), secret, names);
    roots = latest;
    log.info({ until: new Date(current.expiresAt).toISOString(), pin: roots.pin }, "certificate renewed");
    return true;
  }
  return {
    certificate: () => current,
    roots: () => roots,
    renew,
    async reload() {
      if (!files) return await renew();
      const next = read();
      requireInForce(files.certificate, next.chain, now());
      current = next;
      log.info({ until: new Date(current.expiresAt).toISOString() }, "certificate read again");
      warnWhenNearEnd();
      return true;
    },
  };
}

/** The certificate of the first process of a server, which renews it for all processes. */
export function followTls(first: TlsState): ServerTls & { follow(latest: TlsState): void } {
  let current = first;
  return {
    certificate: () => current.certificate,
    roots: () => current.roots,
    renew: async () => false,
    reload: async () => false,
    follow(latest) {
      current = latest;
    },
  };
}
