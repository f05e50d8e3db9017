// Rejects unsafe public keys. A key must be the canonical encoding (RFC 8032, section 5.1.3) of a point of
// large order: a point of small order verifies forged signatures.

const P = 2n ** 255n - 19n;

/** The y coordinates of the eight points whose order divides 8 (edwards25519, RFC 7748, section 4.1). */
const SMALL_ORDER_Y = [
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

/** There are so few unsafe keys that a key is looked up as text. Made at the first use. */
let unsafeKeys: Map<string, string> | undefined;

/**
 * 32 bytes in base64url without padding. The last character encodes four bits: if its two spare bits could
 * vary, one key would have four encodings.
 */
export const PUBLIC_KEY_PATTERN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Returns whether a text is a public key that may be used. */
export function isPublicKey(text: string): boolean {
  return PUBLIC_KEY_PATTERN.test(text) && publicKeyError(text) === undefined;
}

/**
 * Why a key of 32 bytes in base64url must not be used; undefined: it may be used. Does not check that the
 * point is on the curve.
 */
export function publicKeyError(text: string): string | undefined {
  unsafeKeys ??= listUnsafeKeys();
  return unsafeKeys.get(text);
}

/** Both signs of x of each y: those of small order, and those in 255 bits that are not below P. */
function listUnsafeKeys(): Map<string, string> {
  const keys = new Map<string, string>();
  const add = (y: bigint, message: string) => {
    for (const sign of [0n, 2n ** 255n]) keys.set(encode(y + sign), message);
  };
  for (let y = P; y < 2n ** 255n; y++) add(y, "must be a canonical encoding");
  for (const y of SMALL_ORDER_Y) add(y, "must not be a point of small order");
  return keys;
}

/** 32 bytes in little-endian order, in base64url. */
function encode(number: bigint): string {
  let bytes = "";
  for (let rest = number; bytes.length < 32; rest >>= 8n) bytes += String.fromCharCode(Number(rest & 255n));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}
