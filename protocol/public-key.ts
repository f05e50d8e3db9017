// Rejects unsafe public keys. A key must be the canonical encoding (RFC 8032, section 5.1.3) of a point of
// large order: a point of small order verifies forged signatures.

const P = 2n ** 255n - 19n;

/** The y coordinates of the eight points whose order divides 8 (edwards25519, RFC 7748, section 4.1). */
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/**
 * Why a key of 32 bytes in base64url must not be used; undefined: it may be used. Does not check that the
 * point is on the curve.
 */
export function publicKeyError(text: string): string | undefined {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  let number = 0n;
  for (const byte of bytes.toReversed()) number = (number << 8n) | BigInt(byte);
  const y = number & (2n ** 255n - 1n);
  if (y >= P) return "must be a canonical encoding";
  return SMALL_ORDER_Y.has(y) ? "must not be a point of small order" : undefined;
}
