// CRC-32 as in ISO 3309 and PNG: the checksum of token values, and the assignment of inventory items to
// chunks. Not for security.

const TABLE = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const ENCODER = new TextEncoder();
const MAX_ASCII = 0x7f;

/** CRC-32 of the text's UTF-8 bytes, as an unsigned 32-bit number: `crc32("123456789")` is `0xcbf43926`. */
export function crc32(text: string): number {
  let value = 0xffffffff;
  // Almost all texts are ASCII, and need not be encoded.
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > MAX_ASCII) return crc32OfBytes(ENCODER.encode(text));
    value = TABLE[(value ^ code) & 0xff]! ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}

function crc32OfBytes(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) value = TABLE[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
