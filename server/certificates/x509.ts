// X.509 certificates (RFC 5280) of the private CA: its root, the cross-certificate from an older root, and
// the servers' certificates. Elliptic curve P-256, ECDSA with SHA-256.
import { createHash, X509Certificate as ReadCertificate, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const CA_LIFE_MS = 3_650 * DAY_MS;
const LEAF_LIFE_MS = 90 * DAY_MS;
/** Certificates start in the past, so that hosts with slow clocks accept them. */
const BACKDATED_MS = 7 * DAY_MS;
/** The remaining validity at which a server certificate is renewed. */
export const RENEWED_BEFORE_MS = 30 * DAY_MS;

export interface Authority {
  /** PEM. */
  certificate: string;
  /** PKCS #8, DER. */
  privateKey: Uint8Array;
}

export interface ServerCertificate {
  /** PEM. The server's certificate is first. */
  chain: string;
  /** PEM. */
  privateKey: string;
  expiresAt: number;
}

/** Loads the library only to make a certificate. It takes 7 MB of memory. */
const loadX509 = () => import("@peculiar/x509");

/**
 * Returns `sha256:` and the SHA-256 of the certificate's SubjectPublicKeyInfo. It is the same for every
 * certificate of a key.
 */
export function pinOf(certificate: string): string {
  const spki = new ReadCertificate(certificate).publicKey.export({ format: "der", type: "spki" });
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}

export async function makeAuthority(now: number): Promise<Authority> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const name = `CN=AttackLens private CA ${randomBytes(4).toString("hex")}`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + CA_LIFE_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: await authorityExtensions(keys.publicKey),
  });
  return { certificate: certificate.toString("pem"), privateKey: await exportKey(keys.privateKey) };
}

/**
 * Returns a certificate for the authority's key, issued by an older authority, in PEM. With it, clients that
 * trust only the older one accept the new one.
 */
export async function crossSign(authority: Authority, older: Authority, now: number): Promise<string> {
  const x509 = await loadX509();
  const subject = new x509.X509Certificate(authority.certificate);
  const issuer = new x509.X509Certificate(older.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: subject.subject,
    issuer: issuer.subject,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: issuer.notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: subject.publicKey,
    signingKey: await importKey(older.privateKey),
    extensions: [
      ...(await authorityExtensions(subject.publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString("pem");
}

/**
 * Issues a server certificate for host names and addresses, with a new key. The server sends `issuers` after
 * it.
 */
export async function issue(
  authority: Authority,
  names: readonly string[],
  issuers: readonly string[],
  now: number,
): Promise<ServerCertificate> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const issuer = new x509.X509Certificate(authority.certificate);
  const expiresAt = Math.min(now + LEAF_LIFE_MS, issuer.notAfter.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: "CN=AttackLens server",
    issuer: issuer.subject,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(expiresAt),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? "ip" : "dns", value: name }) as const),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  const privateKey = Buffer.from(await exportKey(keys.privateKey)).toString("base64");
  return {
    chain: [certificate.toString("pem"), ...issuers].map((pem) => `${pem.trim()}\n`).join(""),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${privateKey.replace(/.{64}/g, "$&\n").trim()}\n-----END PRIVATE KEY-----\n`,
    expiresAt,
  };
}

async function authorityExtensions(publicKey: x509.PublicKeyType): Promise<x509.Extension[]> {
  const x509 = await loadX509();
  return [
    // A CA certificate: it signs servers' certificates and cross certificates.
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

/** Returns a random positive number of 16 bytes (RFC 5280, section 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

async function exportKey(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
}

async function importKey(privateKey: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey("pkcs8", Uint8Array.from(privateKey), ALGORITHM, false, ["sign"]);
}
