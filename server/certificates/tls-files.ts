// Reads and checks a certificate and its key from the operator's files.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { explainFile } from "../explain-system.ts";
import type { ServerCertificate } from "./x509.ts";

/**
 * Throws Error with a message for the operator if a file is unreadable, is not a certificate or a key, or if
 * the two do not belong together.
 */
export function readTlsFiles(certificateFile: string, keyFile: string): ServerCertificate {
  const chain = read(certificateFile);
  const privateKey = read(keyFile);
  const certificate = parse(certificateFile, "a certificate in PEM", () => new X509Certificate(chain));
  const key = parse(keyFile, "a private key in PEM without a password", () => createPrivateKey(privateKey));
  if (!certificate.checkPrivateKey(key))
    throw new Error(
      `Cannot use ${keyFile}: it is not the private key of ${certificateFile}\nhint: name the key that belongs to the certificate with --tls-key`,
    );
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

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(explainFile(Object.assign(error as Error, { path })) ?? `Can't use ${path}: ${error}`, {
      cause: error,
    });
  }
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
