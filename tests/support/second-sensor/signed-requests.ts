// Tokens, keys and signatures of a second sensor, written only from docs/sensor-protocol.md. It imports none
// of our code, so that the tests verify the page.
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from "node:crypto";

export function parseToken(prefix: "atl_enr_" | "atl_tkt_", text: string): string {
  const parts = new RegExp(`^(${prefix}[0-9A-Za-z]{43})([0-9A-Za-z]{6})$`).exec(text);
  if (parts === null) {
    throw new Error(`Cannot read token: it is not ${prefix} and 49 characters of 0-9A-Za-z`);
  }
  const [, before = "", checksum] = parts;
  if (base62(BigInt(crc32(Buffer.from(before, "ascii"))), 6) !== checksum) {
    throw new Error("Cannot read token: its checksum is wrong, a character was mistyped");
  }
  return text;
}

const BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export function base62(value: bigint, length: number): string {
  let text = "";
  for (let left = value; text.length < length; left /= 62n) {
    text = BASE_62.charAt(Number(left % 62n)) + text;
  }
  return text;
}

/** CRC-32 of ISO 3309. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export function sha256(content: string | Uint8Array, encoding: "hex" | "base64"): string {
  return createHash("sha256").update(content).digest(encoding);
}

/** The Ed25519 key of a 32-byte seed. In RFC 8410, the seed follows a fixed prefix. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

export function publicKeyTextOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (x === undefined) {
    throw new Error("Cannot read public key: not an Ed25519 key");
  }
  return x;
}

/** The first 8 bytes of the key's SHA-256 as four proquints. */
export function fingerprintOf(publicKeyText: string): string {
  const digest = createHash("sha256").update(Buffer.from(publicKeyText, "base64url")).digest();
  return [0, 2, 4, 6].map((offset) => proquint(digest.readUInt16BE(offset))).join("-");
}

function proquint(word: number): string {
  const consonant = (shift: number) => "bdfghjklmnprstvz".charAt((word >> shift) & 15);
  const vowel = (shift: number) => "aiou".charAt((word >> shift) & 3);
  return consonant(12) + vowel(10) + consonant(6) + vowel(4) + consonant(0);
}

export function keyProof(newKey: KeyObject, sensorId: string): string {
  const text = `attacklens-sensor-key ${sensorId} ${publicKeyTextOf(newKey)}`;
  return sign(null, Buffer.from(text, "ascii"), newKey).toString("base64url");
}

/** The X25519 key of 32 bytes. In RFC 8410, the bytes follow a fixed prefix. */
export function agreementKeyOf(bytes: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), bytes]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

export interface ServerAgreement {
  id: string;
  publicKey: string;
  signature: string;
}

/** The key of MACs, or undefined if the sensor must ignore the agreement. */
export function macKeyOf(
  ownKey: KeyObject,
  { id, publicKey, signature }: ServerAgreement,
  known: { sensorId: string; instance: string; serverKey: string },
): Buffer | undefined {
  const signer = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: known.serverKey }, format: "jwk" });
  const text = Buffer.from(`attacklens-server-agreement ${id} ${publicKey}`, "ascii");
  if (!verify(null, text, signer, Buffer.from(signature, "base64url"))) {
    return undefined;
  }
  const other = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: publicKey }, format: "jwk" });
  const secret = diffieHellman({ privateKey: ownKey, publicKey: other });
  const own = publicKeyTextOf(ownKey);
  const info = `attacklens-sensor-mac-1 ${known.sensorId} ${known.instance} ${own} ${id} ${publicKey}`;
  return Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), Buffer.from(info, "ascii"), 32));
}

export interface Signing {
  /** Of Ed25519; the bytes of a key of MACs. */
  key: KeyObject | Buffer;
  keyid: string;
  created: number;
  nonce: number;
  method: string;
  path: string;
  body: string;
  /** Additional headers that the signature covers, by lower-case name. */
  covered: Record<string, string>;
}

export function signedHeaders(signing: Signing): Record<string, string> {
  const digest = contentDigest(signing.body);
  const components = new Map([
    ['"@method"', signing.method],
    ['"@path"', signing.path],
    ['"content-digest"', digest],
    ...Object.entries(signing.covered).map(([name, value]): [string, string] => [`"${name}"`, value]),
  ]);
  const params = `(${[...components.keys()].join(" ")});created=${signing.created};nonce="${signing.nonce}";keyid="${signing.keyid}";alg="${Buffer.isBuffer(signing.key) ? "hmac-sha256" : "ed25519"}"`;
  const base = Buffer.from(signatureBase(components, params));
  const signature = Buffer.isBuffer(signing.key)
    ? createHmac("sha256", signing.key).update(base).digest()
    : sign(null, base, signing.key);
  return {
    ...signing.covered,
    "content-digest": digest,
    "signature-input": `sig1=${params}`,
    signature: `sig1=:${signature.toString("base64")}:`,
  };
}

function contentDigest(body: string | Uint8Array): string {
  return `sha-256=:${sha256(body, "base64")}:`;
}

function signatureBase(components: Map<string, string>, params: string): string {
  return [...components, ['"@signature-params"', params]]
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/**
 * Whether the server signed this response to the request with this Signature header (RFC 9421, section 2.4).
 */
export function isServersResponse(answer: Answer, serverKey: string, requestSignature: string): boolean {
  const { "content-digest": digest, "signature-input": input, signature } = answer.headers;
  const parts = /^sig1=(\(([^)]*)\)((?:;[a-z]+=(?:\d+|"[^"]*"))*))$/.exec(input ?? "");
  const bytes = /^sig1=:([A-Za-z0-9+/]{86}==):$/.exec(signature ?? "");
  if (parts === null || bytes === null || digest !== contentDigest(answer.body)) {
    return false;
  }
  const [, params = "", names = "", settings = ""] = parts;
  const known = new Map([
    ['"@status"', String(answer.status)],
    ['"content-digest"', digest],
    ['"signature";req', requestSignature],
  ]);
  const listed = names.split(" ");
  const covered = new Map(listed.map((name) => [name, known.get(name) ?? ""]));
  const isComplete = listed.length === known.size && [...known.keys()].every((name) => covered.has(name));
  const isNamed = settings.includes(`;keyid="${serverKey}"`) && settings.includes(';alg="ed25519"');
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: serverKey }, format: "jwk" });
  const base = Buffer.from(signatureBase(covered, params));
  return isComplete && isNamed && verify(null, base, publicKey, Buffer.from(bytes[1] ?? "", "base64"));
}

/** The self-signed CA certificate whose key has the pin, in PEM. */
export function findRoot(certificates: readonly string[], pin: string): string | undefined {
  return certificates.find((pem) => {
    const certificate = new X509Certificate(pem);
    const spki = certificate.publicKey.export({ format: "der", type: "spki" });
    const isSelfSigned = certificate.ca && certificate.verify(certificate.publicKey);
    return isSelfSigned && `sha256:${sha256(spki, "hex")}` === pin;
  });
}
