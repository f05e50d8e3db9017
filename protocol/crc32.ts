// CRC-32 as in ISO 3309 and PNG: the checksum of token values, and the assignment of inventory items to
// chunks. Not for security.

const TABLE = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const ENCODER = new TextEncoder();

/** CRC-32 of the text's UTF-8 bytes, as an unsigned 32-bit number: `crc32("123456789")` is `0xcbf43926`. */
export function crc32(text: string): number {
  let value = 0xffffffff;
  for (const byte of ENCODER.encode(text)) value = TABLE[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
