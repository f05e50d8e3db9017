// A certificate and its key from the operator's files, looked at before they are served.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerCertificate } from "./x509.ts";

/** Throws, in words for the operator, what cannot be read, is no certificate or key, or does not belong together. */
export function readTlsFiles(certificateFile: string, keyFile: string): ServerCertificate {
  const chain = read(certificateFile);
  const privateKey = read(keyFile);
  const certificate = parse(certificateFile, "a certificate in PEM", () => new X509Certificate(chain));
  const key = parse(keyFile, "a private key in PEM without a password", () => createPrivateKey(privateKey));
  if (!certificate.checkPrivateKey(key))
    throw new Error(`Cannot use ${keyFile}: it is not the private key of ${certificateFile}`);
  return { chain, privateKey, expiresAt: Date.parse(certificate.validTo) };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function parse<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`Cannot use ${path}: it is not ${what}`, { cause: error });
  }
}
