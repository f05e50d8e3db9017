// Reads and checks a certificate and its key from the operator's files.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readPemFile } from "../operator-file.ts";
import type { ServerCertificate } from "./x509.ts";

/**
 * Throws Error with a message for the operator if a file is unreadable, is not a certificate or a key, or if
 * the two do not belong together.
 */
export function readTlsFiles(certificateFile: string, keyFile: string): ServerCertificate {
  const chain = readPemFile(certificateFile);
  const privateKey = readPemFile(keyFile);
  const certificate = parse(certificateFile, "a certificate in PEM", () => new X509Certificate(chain));
  const key = parse(keyFile, "a private key in PEM without a password", () => createPrivateKey(privateKey));
  if (!certificate.checkPrivateKey(key)) {
    if (certificatesIn(chain).some((other) => other.checkPrivateKey(key)))
      throw new Error(
        `Cannot use ${certificateFile}: the server's own certificate must come first\nhint: put it before its intermediate certificates`,
      );
    throw new Error(
      `Cannot use ${keyFile}: it is not the private key of ${certificateFile}\nhint: name the key that belongs to the certificate with --tls-key`,
    );
  }
  return { chain, privateKey, expiresAt: Date.parse(certificate.validTo) };
}

/** Throws Error with a message for the operator if the certificate has expired or is not valid yet. */
export function requireInForce(certificateFile: string, chain: string, now: number): void {
  const { validFrom, validTo } = new X509Certificate(chain);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  const isExpired = to <= now;
  if (!isExpired && from <= now) return;
  const when = isExpired
    ? `the certificate expired at ${new Date(to).toISOString()}`
    : `the certificate is not valid before ${new Date(from).toISOString()}`;
  throw new Error(`Can't use ${certificateFile}: ${when}\nhint: install a valid one, then send SIGHUP`);
}

const MAX_CERTIFICATES = 100;

/** Those that can be read. */
function certificatesIn(chain: string): X509Certificate[] {
  const blocks = chain.split("-----BEGIN CERTIFICATE-----").slice(1, MAX_CERTIFICATES);
  return blocks.flatMap((block) => {
    try {
      return new X509Certificate(`-----BEGIN CERTIFICATE-----${block}`);
    } catch {
      return [];
    }
  });
}

function parse<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(
      `Cannot use ${path}: it is not ${what}\nhint: convert it with openssl, or name another file`,
      { cause: error },
    );
  }
}
