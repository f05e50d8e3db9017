// Creates certificates for tests: roots, intermediates and server certificates, both valid and invalid ones.
import { createHash, X509Certificate as ReadCertificate } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

export interface Issued {
  /** PEM. */
  certificate: string;
  /** PEM, PKCS #8. */
  privateKey: string;
  keys: CryptoKeyPair;
}

interface Life {
  /** Absent: a day ago. */
  from?: number;
  /** Absent: in a month. */
  until?: number;
}

/**
 * Creates a CA certificate. Without an issuer, it is self-signed. `keys`: certifies this existing key pair.
 */
export async function makeCa(
  name: string,
  { issuer, keys, ...life }: { issuer?: Issued; keys?: CryptoKeyPair } & Life = {},
): Promise<Issued> {
  return await make(`CN=${name}`, issuer, keys ?? (await makeKeys()), life, [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]);
}

/** Creates a server certificate for names and addresses. */
export async function makeLeaf(
  issuer: Issued,
  names: readonly string[] = ["localhost", "127.0.0.1", "::1"],
  life: Life = {},
): Promise<Issued> {
  return await make("CN=a server of the tests", issuer, await makeKeys(), life, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(
      names.map((name) => ({ type: isIP(name) ? "ip" : "dns", value: name }) as const),
    ),
  ]);
}

/** Returns `sha256:` and the SHA-256 of the SubjectPublicKeyInfo, computed independently of the programs. */
export function pinOfIssued({ certificate }: Issued): string {
  const spki = new x509.X509Certificate(certificate).publicKey.rawData;
  return `sha256:${createHash("sha256").update(Buffer.from(spki)).digest("hex")}`;
}

/**
 * Returns the options of a TLS server: its certificate, then the rest of the chain in the given order, and
 * the key.
 */
export function chainOf(leaf: Issued, ...along: Issued[]): { cert: string; key: string } {
  return { cert: [leaf, ...along].map(({ certificate }) => certificate).join(""), key: leaf.privateKey };
}

async function make(
  subject: string,
  issuer: Issued | undefined,
  keys: CryptoKeyPair,
  { from = Date.now() - DAY_MS, until = Date.now() + 30 * DAY_MS }: Life,
  extensions: x509.Extension[],
): Promise<Issued> {
  const by = issuer && new x509.X509Certificate(issuer.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(8)))
      .toString("hex")
      .replace(/^./, "4"),
    subject,
    issuer: by?.subject ?? subject,
    notBefore: new Date(from),
    notAfter: new Date(until),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create((issuer?.keys ?? keys).publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  const pem = `${certificate.toString("pem").trim()}\n`;
  return { certificate: new ReadCertificate(pem).toString(), privateKey: key, keys };
}

async function makeKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}
