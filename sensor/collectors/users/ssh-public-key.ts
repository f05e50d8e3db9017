// Public keys of SSH (RFC 4253, section 6.6): their fingerprint and size.

export interface SshPublicKey {
  type: string;
  /** As `ssh-keygen -lf` prints it. */
  fingerprint: string;
  bits: number | undefined;
}

const MAX_BASE64 = 32 * 1024;
const SIZES: Record<string, number> = {
  "ssh-ed25519": 256,
  "sk-ssh-ed25519@openssh.com": 256,
  "ecdsa-sha2-nistp256": 256,
  "sk-ecdsa-sha2-nistp256@openssh.com": 256,
  "ecdsa-sha2-nistp384": 384,
  "ecdsa-sha2-nistp521": 521,
};
const TYPE = /^(?:ssh|ecdsa|sk|x509|webauthn)-[A-Za-z0-9@.-]{1,80}$/;

export function isKeyType(text: string): boolean {
  return TYPE.test(text);
}

/** Undefined if the text is no key of this type: the key contains its type. */
export function parsePublicKey(type: string, base64: string): SshPublicKey | undefined {
  if (!isKeyType(type) || base64.length > MAX_BASE64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    return undefined;
  const blob = Buffer.from(base64, "base64");
  const [name, ...fields] = fieldsOf(blob);
  if (name?.toString("latin1") !== type) return undefined;
  const digest = new Bun.CryptoHasher("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { type, fingerprint: `SHA256:${digest}`, bits: SIZES[type] ?? bitsOf(type, fields) };
}

/** The first four fields, each after its length. */
function fieldsOf(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length && fields.length < 4; ) {
    const length = blob.readUInt32BE(at);
    if (length > blob.length - at - 4) break;
    fields.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

/** RSA: exponent, modulus. DSA: the prime first. */
function bitsOf(type: string, fields: Buffer[]): number | undefined {
  const number = type === "ssh-rsa" ? fields[1] : type === "ssh-dss" ? fields[0] : undefined;
  const start = number?.findIndex((byte) => byte !== 0) ?? -1;
  if (number === undefined || start < 0) return undefined;
  return (number.length - start) * 8 - Math.clz32(number[start]!) + 24;
}
