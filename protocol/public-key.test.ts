import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { publicKeyError } from "./public-key.ts";

const P = 2n ** 255n - 19n;
const mod = (n: bigint) => ((n % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b))
    if (e & 1n) result = mod(result * b);
  return result;
}

/** x² of the curve's equation -x² + y² = 1 + d·x²·y². */
function xSquared(y: bigint): bigint {
  const d = mod(-121665n * power(121666n, P - 2n));
  return mod((y * y - 1n) * power(d * y * y + 1n, P - 2n));
}

function encode(y: bigint): string {
  const bytes = Buffer.alloc(32);
  for (let index = 0, rest = y; index < 32; index++, rest >>= 8n) bytes[index] = Number(rest & 255n);
  return bytes.toString("base64url");
}

test("rejects exactly the points of small order", () => {
  // The order of a point divides 8 exactly if doubling it three times results in y = 1. With a = -1, doubling
  // is y' = (y² + x²) / (2 - y² + x²).
  const double = (y: bigint) => mod((y * y + xSquared(y)) * power(2n - (y * y - xSquared(y)), P - 2n));
  for (const y of [
    0n,
    1n,
    P - 1n,
    0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
    0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  ]) {
    expect(double(double(double(y)))).toBe(1n);
    for (const sign of [0n, 2n ** 255n])
      expect(publicKeyError(encode(y + sign))).toBe("must not be a point of small order");
  }
});

test("rejects an encoding above the field's order and accepts generated keys", () => {
  for (let y = P; y < 2n ** 255n; y++)
    for (const sign of [0n, 2n ** 255n])
      expect(publicKeyError(encode(y + sign))).toBe("must be a canonical encoding");
  for (const y of [2n, P - 2n]) expect(publicKeyError(encode(y))).toBeUndefined();
  for (let count = 0; count < 20; count++) {
    const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }) as { x: string };
    expect(publicKeyError(x)).toBeUndefined();
  }
});
