// The kind and the size of a certificate's key (RFC 5280, 4.1.2.7).
import { contentOf, type DerValue, firstValue, objectIdOf, TAG, valuesIn } from "./der.ts";

const RSA: Record<string, string> = { "1.2.840.113549.1.1.1": "rsa", "1.2.840.113549.1.1.10": "rsa-pss" };
const EC = "1.2.840.10045.2.1";
const OTHER_KINDS: Record<string, string> = {
  "1.2.840.10040.4.1": "dsa",
  "1.3.101.110": "x25519",
  "1.3.101.111": "x448",
  "1.3.101.112": "ed25519",
  "1.3.101.113": "ed448",
};
const CURVE_BITS: Record<string, number> = {
  "1.2.840.10045.3.1.1": 192,
  "1.3.132.0.33": 224,
  "1.2.840.10045.3.1.7": 256,
  "1.3.132.0.10": 256,
  "1.3.36.3.3.2.8.1.1.7": 256,
  "1.3.132.0.34": 384,
  "1.3.36.3.3.2.8.1.1.11": 384,
  "1.3.36.3.3.2.8.1.1.13": 512,
  "1.3.132.0.35": 521,
};

/** Of a key of another kind, nothing. Throws DerError. */
export function describeKey(info: DerValue | undefined): { keyType?: string; keyBits?: number | undefined } {
  const [algorithm, key] = valuesIn(contentOf(info, TAG.sequence));
  const [id, parameters] = valuesIn(contentOf(algorithm, TAG.sequence));
  const kind = objectIdOf(id);
  const rsa = RSA[kind];
  if (rsa !== undefined) return { keyType: rsa, keyBits: modulusBits(contentOf(key, TAG.bitString)) };
  const keyType = OTHER_KINDS[kind];
  // The kind says the size.
  if (keyType !== undefined) return { keyType, keyBits: undefined };
  if (kind !== EC) return {};
  // A curve can also be written in full.
  const isNamed = parameters?.tag === TAG.objectId;
  return { keyType: "ec", keyBits: isNamed ? CURVE_BITS[objectIdOf(parameters)] : undefined };
}

/** The first byte of the string counts its unused bits. */
function modulusBits(key: Uint8Array): number {
  const modulus = contentOf(firstValue(contentOf(firstValue(key.subarray(1)), TAG.sequence)), TAG.integer);
  const start = modulus.findIndex((byte) => byte !== 0);
  if (start < 0) return 0;
  return (modulus.length - start) * 8 - (Math.clz32(modulus[start] ?? 0) - 24);
}
